"""The words in which an OEM's module declares its endpoints: requests, paging, slices, markets, limits."""
