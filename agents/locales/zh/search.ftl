search-summary = 在网上搜索“{ $query }”
search-engine = 搜索引擎
