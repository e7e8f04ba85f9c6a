"""The conversation with one host: requests out, answers judged, archived and counted, a market's day decided."""
