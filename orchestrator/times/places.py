"""Well-known places whose name is not the city of their zone's key, in the four languages."""

from __future__ import annotations

ZONES: dict[str, str] = {
    "Europe/Berlin": "germany deutschland alemania 德国 柏林 berlín münchen munich múnich 慕尼黑 hamburg hamburgo 汉堡 köln cologne colonia 科隆 frankfurt 法兰克福 "
    "stuttgart düsseldorf leipzig dresden hannover nürnberg nuremberg bremen bonn",
    "Europe/Vienna": "austria österreich 奥地利 wien viena 维也纳 salzburg graz linz innsbruck",
    "Europe/Zurich": "switzerland schweiz suiza 瑞士 zürich zurich 苏黎世 geneva genf ginebra 日内瓦 basel bern lausanne",
    "Europe/London": "england uk britain united_kingdom großbritannien vereinigtes_königreich reino_unido inglaterra 英国 londres 伦敦 manchester "
    "birmingham edinburgh edimburgo glasgow liverpool leeds oxford scotland schottland escocia wales",
    "Europe/Dublin": "ireland irland irlanda 爱尔兰 dublín 都柏林",
    "Europe/Paris": "france frankreich francia 法国 parís 巴黎 lyon marseille marsella nice niza toulouse bordeaux",
    "Europe/Madrid": "spain spanien españa 西班牙 马德里 barcelona 巴塞罗那 sevilla seville valencia bilbao málaga zaragoza granada mallorca",
    "Atlantic/Canary": "canary_islands kanaren islas_canarias tenerife teneriffa gran_canaria las_palmas",
    "Europe/Lisbon": "portugal 葡萄牙 lisboa lissabon 里斯本 porto oporto",
    "Europe/Rome": "italy italien italia 意大利 rom roma 罗马 milan mailand milano milán 米兰 naples neapel nápoles turin florence florenz florencia venice "
    "venedig venecia 威尼斯",
    "Europe/Amsterdam": "netherlands niederlande holland países_bajos holanda 荷兰 阿姆斯特丹 rotterdam the_hague",
    "Europe/Brussels": "belgium belgien bélgica 比利时 brüssel bruselas 布鲁塞尔 antwerp",
    "Europe/Copenhagen": "denmark dänemark dinamarca 丹麦 kopenhagen copenhague 哥本哈根",
    "Europe/Stockholm": "sweden schweden suecia 瑞典 estocolmo 斯德哥尔摩 gothenburg",
    "Europe/Oslo": "norway norwegen noruega 挪威 奥斯陆 bergen",
    "Europe/Helsinki": "finland finnland finlandia 芬兰 赫尔辛基",
    "Europe/Warsaw": "poland polen polonia 波兰 warschau varsovia 华沙 krakow krakau cracovia",
    "Europe/Prague": "czechia czech_republic tschechien república_checa 捷克 prag praga 布拉格",
    "Europe/Budapest": "hungary ungarn hungría 匈牙利 布达佩斯",
    "Europe/Athens": "greece griechenland grecia 希腊 athen atenas 雅典",
    "Europe/Istanbul": "turkey türkei turquía 土耳其 estambul 伊斯坦布尔 ankara",
    "Europe/Kyiv": "ukraine ucrania 乌克兰 kiew kiev 基辅",
    "Europe/Moscow": "moskau moscú 莫斯科 saint_petersburg st_petersburg",
    "Europe/Bucharest": "romania rumänien rumania 罗马尼亚 bukarest bucarest",
    "Asia/Shanghai": "china 中国 上海 beijing peking pekín 北京 shanghái 深圳 shenzhen 广州 guangzhou 杭州 hangzhou 成都 chengdu 南京 nanjing 武汉 wuhan 西安 xi'an "
    "重庆 天津 tianjin 苏州",
    "Asia/Hong_Kong": "香港 hongkong",
    "Asia/Taipei": "taiwan taiwán 台湾 台北 taipéi",
    "Asia/Tokyo": "japan japón 日本 tokio 东京 osaka 大阪 kyoto kioto 京都",
    "Asia/Seoul": "korea south_korea südkorea corea_del_sur 韩国 seúl 首尔 busan",
    "Asia/Singapore": "singapur 新加坡",
    "Asia/Bangkok": "thailand tailandia 泰国 曼谷",
    "Asia/Ho_Chi_Minh": "vietnam 越南 hanoi 河内 saigon",
    "Asia/Kolkata": "india indien 印度 delhi new_delhi 新德里 mumbai bombay 孟买 bangalore bengaluru calcutta chennai hyderabad",
    "Asia/Dubai": "united_arab_emirates uae dubái 迪拜 abu_dhabi",
    "Asia/Jerusalem": "israel 以色列 tel_aviv jerusalén",
    "Asia/Manila": "philippines philippinen filipinas 菲律宾 马尼拉",
    "Asia/Kuala_Lumpur": "malaysia malasia 马来西亚 吉隆坡",
    "Asia/Jakarta": "雅加达 yakarta",
    "Africa/Cairo": "ägypten egipto 埃及 kairo el_cairo 开罗",
    "Africa/Johannesburg": "south_africa südafrika sudáfrica 南非 cape_town kapstadt ciudad_del_cabo",
    "Africa/Lagos": "nigeria 尼日利亚",
    "Africa/Nairobi": "kenya kenia 肯尼亚 内罗毕",
    "Africa/Casablanca": "morocco marokko marruecos 摩洛哥 marrakesh marrakech",
    "America/New_York": "nyc nueva_york 纽约 boston 波士顿 washington washington_dc 华盛顿 miami 迈阿密 philadelphia atlanta",
    "America/Chicago": "芝加哥 houston 休斯顿 dallas 达拉斯 austin new_orleans nashville minneapolis",
    "America/Denver": "丹佛 salt_lake_city albuquerque",
    "America/Phoenix": "arizona",
    "America/Los_Angeles": "la_california california kalifornien 加州 洛杉矶 san_francisco 旧金山 seattle 西雅图 san_diego portland las_vegas silicon_valley",
    "America/Toronto": "多伦多 montreal 蒙特利尔 ottawa quebec",
    "America/Vancouver": "温哥华",
    "America/Mexico_City": "ciudad_de_méxico mexiko-stadt cdmx 墨西哥城 guadalajara",
    "America/Bogota": "colombia kolumbien 哥伦比亚 bogotá medellín cali",
    "America/Lima": "peru perú 秘鲁 利马",
    "America/Santiago": "santiago_de_chile 圣地亚哥",
    "America/Caracas": "venezuela",
    "America/Argentina/Buenos_Aires": "argentina argentinien 阿根廷 buenos_aires 布宜诺斯艾利斯",
    "America/Sao_Paulo": "são_paulo sao_paulo 圣保罗 rio_de_janeiro río_de_janeiro brasilia",
    "America/Havana": "cuba kuba 古巴 la_habana havanna",
    "Australia/Sydney": "sídney 悉尼 canberra",
    "Australia/Melbourne": "墨尔本",
    "Pacific/Auckland": "new_zealand neuseeland nueva_zelanda 新西兰 奥克兰 wellington",
    "Pacific/Honolulu": "hawaii hawái 夏威夷",
}

PLACES: dict[str, str] = {name.replace("_", " "): zone for zone, names in ZONES.items() for name in names.split()}

MANY_ZONED = (
    "usa america amerika canada kanada mexico méxico mexiko brazil brasilien brasil russia russland rusia australia "
    "australien indonesia indonesien united_states vereinigte_staaten estados_unidos 美国 加拿大 俄罗斯 巴西"
)
SEVERAL_ZONES = frozenset(name.replace("_", " ") for name in MANY_ZONED.split())
"""Countries that one zone does not answer for."""
