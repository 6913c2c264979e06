search-summary = Search the web for “{ $query }”
search-engine = Search engine
