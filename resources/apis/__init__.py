"""Where the OEMs' APIs are (sandbox, replay, live) and how a request is sent."""
