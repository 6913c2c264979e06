search-summary = Buscar en la web «{ $query }»
search-engine = Buscador
