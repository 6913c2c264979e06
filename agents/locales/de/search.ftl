search-summary = Im Web nach „{ $query }“ suchen
search-engine = Suchmaschine
