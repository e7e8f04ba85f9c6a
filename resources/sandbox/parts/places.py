"""Cities with dealers, by country, and what addresses look like there; distances between places."""

from __future__ import annotations

from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from resources.sandbox.parts.facts import Fact, table

_EARTH_RADIUS_MILES = 3958.8
KILOMETRES_PER_MILE = 1.609344

Point = tuple[float, float]
"""Latitude and longitude, degrees WGS 84."""

# code as in resources/markets.py, ISO 3166 alpha-3, prefix of numbers that nobody has, streets
_COUNTRIES = table("""
code|iso3|phone|streets
at|AUT|+43 1 000|Hauptstraße;Wiener Straße;Industriestraße
au|AUS|+61 2 5550|Pacific Highway;Victoria Road;King Street
be|BEL|+32 2 000|Kerkstraat;Stationsstraat;Industrielaan
ca|CAN|+1 555 01|King Street;Main Street;Highway 7
ch|CHE|+41 44 000|Bahnhofstrasse;Industriestrasse;Seestrasse
de|DEU|+49 7223 000|Beispielstraße;Industriestraße;Hauptstraße
dk|DNK|+45 00 00|Hovedgaden;Industrivej;Strandvejen
es|ESP|+34 900 000|Calle Mayor;Avenida de la Industria;Carretera Norte
fi|FIN|+358 9 000|Mannerheimintie;Asemakatu;Teollisuuskatu
fr|FRA|+33 1 99 00|Rue de la Gare;Avenue de la République;Route Nationale
gb|GBR|+44 1632 96|High Street;Station Road;London Road
ie|IRL|+353 20 91|Main Street;Station Road;Naas Road
it|ITA|+39 02 000|Via Roma;Via Milano;Viale Europa
jp|JPN|+81 3 0000|中央通り;駅前通り;国道1号
kr|KOR|+82 2 0000|강남대로;중앙로;해안로
nl|NLD|+31 20 000|Dorpsstraat;Stationsweg;Industrieweg
no|NOR|+47 22 00|Storgata;Kirkegata;Industriveien
pl|POL|+48 22 000|ul. Przemysłowa;ul. Główna;al. Krakowska
pt|PRT|+351 21 000|Rua Direita;Avenida da Liberdade;Estrada Nacional
se|SWE|+46 8 000|Storgatan;Kungsgatan;Industrivägen
us|USA|(555) 01|Motor Avenue;Auto Mall Drive;Commerce Boulevard;Highway 50
""")
COUNTRIES: dict[str, Fact] = {row.code: row for row in _COUNTRIES}

_CITIES = table("""
country|city|region|postal_code|latitude:float|longitude:float
de|Hamburg|Hamburg|20097|53.55|10.0
de|Berlin|Berlin|10115|52.52|13.4
de|Köln|Nordrhein-Westfalen|50667|50.94|6.96
de|München|Bayern|80331|48.14|11.58
de|Leipzig|Sachsen|04109|51.34|12.37
de|Stuttgart|Baden-Württemberg|70173|48.78|9.18
de|Bremen|Bremen|28195|53.08|8.8
de|Hannover|Niedersachsen|30159|52.37|9.73
de|Bühl|Baden-Württemberg|77815|48.7|8.14
es|Madrid|Madrid|28001|40.42|-3.7
es|Barcelona|Cataluña|08001|41.39|2.17
es|Valencia|Comunidad Valenciana|46001|39.47|-0.38
es|Sevilla|Andalucía|41001|37.39|-5.99
es|Leioa|País Vasco|48940|43.33|-2.98
es|Zaragoza|Aragón|50001|41.65|-0.89
es|Málaga|Andalucía|29001|36.72|-4.42
es|A Coruña|Galicia|15001|43.37|-8.4
es|Palma|Illes Balears|07001|39.57|2.65
gb|Leeds|England|LS1 1AA|53.8|-1.55
gb|Bristol|England|BS1 1AA|51.45|-2.59
gb|Glasgow|Scotland|G1 1AA|55.86|-4.25
gb|Cardiff|Wales|CF10 1AA|51.48|-3.18
gb|Reading|England|RG1 1AA|51.46|-0.97
gb|Belfast||BT1 1AA|54.6|-5.93
gb|York|England|YO1 1AA|53.96|-1.08
gb|Croydon|England|CR0 1AA|51.37|-0.1
gb|Norwich|England|NR1 1AA|52.63|1.3
kr|서울|서울특별시|06000|37.5|127.03
kr|부산|부산광역시|48000|35.16|129.16
kr|대구|대구광역시|42000|35.86|128.63
kr|인천|인천광역시|21500|37.45|126.7
kr|광주|광주광역시|61900|35.15|126.85
kr|대전|대전광역시|35200|36.35|127.38
pl|Warszawa|mazowieckie|00-001|52.23|21.01
pl|Kraków|małopolskie|30-001|50.06|19.94
pl|Gdańsk|pomorskie|80-001|54.35|18.65
pl|Wrocław|dolnośląskie|50-001|51.11|17.04
pl|Poznań|wielkopolskie|60-001|52.41|16.93
pl|Łódź|łódzkie|90-001|51.76|19.46
au|Sydney|NSW|2000|-33.87|151.21
au|Melbourne|VIC|3000|-37.81|144.96
au|Brisbane|QLD|4000|-27.47|153.03
au|Perth|WA|6000|-31.95|115.86
au|Adelaide|SA|5000|-34.93|138.6
au|Hobart|TAS|7000|-42.88|147.33
us|Boston|MA|02108|42.36|-71.06
us|Providence|RI|02903|41.82|-71.41
us|Portland|ME|04101|43.66|-70.26
us|Hartford|CT|06103|41.76|-72.67
us|Newark|NJ|07102|40.74|-74.17
us|Brooklyn|NY|11201|40.69|-73.99
us|Albany|NY|12207|42.65|-73.75
us|Pittsburgh|PA|15222|40.44|-79.99
us|Philadelphia|PA|19103|39.95|-75.17
us|Baltimore|MD|21201|39.29|-76.61
us|Richmond|VA|23219|37.54|-77.44
us|Raleigh|NC|27601|35.78|-78.64
us|Charleston|SC|29401|32.78|-79.93
us|Atlanta|GA|30303|33.75|-84.39
us|Jacksonville|FL|32202|30.33|-81.66
us|Miami|FL|33131|25.77|-80.19
us|Tampa|FL|33602|27.95|-82.46
us|Birmingham|AL|35203|33.52|-86.8
us|Nashville|TN|37203|36.16|-86.78
us|Louisville|KY|40202|38.25|-85.76
us|Columbus|OH|43215|39.96|-83.0
us|Cleveland|OH|44114|41.5|-81.69
us|Indianapolis|IN|46204|39.77|-86.16
us|Ann Arbor|MI|48104|42.28|-83.74
us|Des Moines|IA|50309|41.59|-93.62
us|Milwaukee|WI|53202|43.04|-87.91
us|Minneapolis|MN|55402|44.98|-93.27
us|Chicago|IL|60611|41.89|-87.62
us|Saint Louis|MO|63101|38.63|-90.2
us|Wichita|KS|67202|37.69|-97.34
us|Omaha|NE|68102|41.26|-95.94
us|New Orleans|LA|70112|29.95|-90.07
us|Little Rock|AR|72201|34.75|-92.29
us|Tulsa|OK|74103|36.15|-95.99
us|Dallas|TX|75201|32.78|-96.8
us|Houston|TX|77002|29.76|-95.37
us|San Antonio|TX|78205|29.42|-98.49
us|Denver|CO|80202|39.74|-104.99
us|Boise|ID|83702|43.62|-116.2
us|Salt Lake City|UT|84101|40.76|-111.89
us|Phoenix|AZ|85004|33.45|-112.07
us|Albuquerque|NM|87102|35.08|-106.65
us|Las Vegas|NV|89101|36.17|-115.14
us|Los Angeles|CA|90017|34.05|-118.24
us|San Diego|CA|92101|32.72|-117.16
us|Fresno|CA|93721|36.74|-119.79
us|San Francisco|CA|94103|37.77|-122.42
us|Honolulu|HI|96813|21.31|-157.86
us|Portland|OR|97204|45.52|-122.68
us|Seattle|WA|98101|47.61|-122.33
fr|Paris|Île-de-France|75001|48.86|2.34
fr|Lyon|Auvergne-Rhône-Alpes|69001|45.77|4.83
fr|Marseille|Provence-Alpes-Côte d'Azur|13001|43.3|5.38
fr|Lille|Hauts-de-France|59000|50.63|3.06
fr|Nantes|Pays de la Loire|44000|47.22|-1.55
nl|Amsterdam|Noord-Holland|1011 AB|52.37|4.9
nl|Rotterdam|Zuid-Holland|3011 AA|51.92|4.48
nl|Eindhoven|Noord-Brabant|5611 AA|51.44|5.48
be|Brussel|Brussel|1000|50.85|4.35
be|Antwerpen|Antwerpen|2000|51.22|4.4
be|Gent|Oost-Vlaanderen|9000|51.05|3.72
it|Milano|Lombardia|20121|45.47|9.19
it|Roma|Lazio|00184|41.89|12.5
it|Torino|Piemonte|10121|45.07|7.69
se|Stockholm|Stockholms län|111 20|59.33|18.06
se|Göteborg|Västra Götalands län|411 03|57.71|11.97
se|Malmö|Skåne län|211 20|55.61|13.0
no|Oslo|Oslo|0150|59.91|10.74
no|Bergen|Vestland|5003|60.39|5.32
no|Tromsø|Troms|9008|69.65|18.96
dk|København|Hovedstaden|1050|55.68|12.57
dk|Aarhus|Midtjylland|8000|56.16|10.2
fi|Helsinki|Uusimaa|00100|60.17|24.94
fi|Tampere|Pirkanmaa|33100|61.5|23.76
at|Wien|Wien|1010|48.21|16.37
at|Graz|Steiermark|8010|47.07|15.44
ch|Zürich|Zürich|8001|47.37|8.54
ch|Bern|Bern|3011|46.95|7.45
pt|Lisboa|Lisboa|1100-148|38.72|-9.14
pt|Porto|Porto|4000-322|41.15|-8.61
ie|Dublin|Leinster|D01 F5P2|53.35|-6.26
ie|Cork|Munster|T12 W8KR|51.9|-8.47
jp|東京|東京都|100-0001|35.68|139.75
jp|大阪|大阪府|530-0001|34.69|135.5
ca|Toronto|ON|M5H 2N2|43.65|-79.38
ca|Vancouver|BC|V6B 1A1|49.28|-123.12
ca|Montréal|QC|H2Y 1C6|45.51|-73.55
""")
CITIES: dict[str, list[Fact]] = {code: [city for city in _CITIES if city.country == code] for code in COUNTRIES}
# the ZIP in the middle of the country that collectors ask for; no dealer is there
_CENTRES = {("us", "66952"): (39.81, -98.56)}


@lru_cache(maxsize=1024)
def point_of(country: str, postal_code: str) -> Point | None:
    """Where a postal code lies: at the city with the nearest number, for codes are given out along the country.

    None for a text that is no such code.
    """
    if centre := _CENTRES.get((country, postal_code)):
        return centre
    digits = "".join(filter(str.isdigit, postal_code))
    cities = CITIES.get(country, [])
    exact = next((city for city in cities if city.postal_code == postal_code), None)
    if exact is None and (not digits or len(postal_code) < 4):
        return None
    nearest = exact or min(cities, key=lambda city: abs(_number(city.postal_code) - int(digits)))
    return nearest.latitude, nearest.longitude


def _number(postal_code: str) -> int:
    return int("".join(filter(str.isdigit, postal_code)) or "0")


def miles_between(one: Point, other: Point) -> float:
    """Great-circle distance."""
    latitude, other_latitude = radians(one[0]), radians(other[0])
    half = sin((other_latitude - latitude) / 2) ** 2
    half += cos(latitude) * cos(other_latitude) * sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * _EARTH_RADIUS_MILES * asin(sqrt(half))
