"""Tables for the played Audi markets: models, colours and words in the markets' languages, countries, cities.

Model names, prices and colours are of the right kind, not a price list. Persons are invented words.
"""

from __future__ import annotations

from typing import NamedTuple


class Model(NamedTuple):
    """A variant. power in kW; price: new, in euros; weight: how common; vds: two characters of the VIN."""

    code: str
    carline: str
    group: str
    model_code: str
    vds: str
    body: str
    fuel: str
    gear: str
    gears: str
    drive: str
    power_kw: int
    price_eur: int
    weight: int
    carline_name: str
    name: str


class Country(NamedTuple):
    """iso3: as PSS names it; dealers: how many; names, streets: patterns; departments: sales, service."""

    iso3: str
    iso2: str
    dealers: int
    names: tuple[str, ...]
    streets: tuple[str, ...]
    phone: str
    departments: tuple[str, ...]


class City(NamedTuple):
    """A place with dealers, degrees WGS 84; region None where the source has none."""

    name: str
    region: str | None
    postal_code: str
    latitude: float
    longitude: float


def _rows(table: str, separator: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(separator)] for line in table.strip().splitlines()]


# code, carline, group, model code, VDS, body, fuel, gear, gears, drive, kW, EUR, weight, carline's name, the rest
_MODELS = """\
aagb  |a1sb    |a1     |GBABCG|GB|sportback|B|manual   |5|front  | 70| 24300| 6|A1 Sportback|25 TFSI 70 kW
aaga  |a1sb    |a1     |GBAACG|GB|sportback|B|automatic|7|front  | 81| 27900| 7|A1 Sportback|30 TFSI 81 kW
aa8y  |a3sb    |a3     |8YABFG|8Y|sportback|B|manual   |6|front  | 81| 31000| 8|A3 Sportback|30 TFSI 81 kW
aa8x  |a3sb    |a3     |8YABLG|8Y|sportback|D|automatic|7|front  |110| 37900|12|A3 Sportback|35 TDI 110 kW
aa8z  |a3sb    |a3     |8YABPX|8Y|sportback|H|automatic|6|front  |150| 43500| 5|A3 Sportback|40 TFSI e 150 kW
aa8v  |a3sb    |a3     |8YABGX|8V|sportback|G|automatic|7|front  | 96| 34200| 1|A3 Sportback|30 g-tron 96 kW
aa8s  |a3limo  |a3     |8YSBKG|8Y|limousine|B|automatic|7|front  |110| 36800| 5|A3 Limousine|35 TFSI 110 kW
aas3  |s3sb    |a3     |8YAS3Y|8Y|sportback|B|automatic|7|quattro|228| 55900| 2|S3 Sportback|TFSI quattro 228 kW
aaf4  |a4limo  |a4     |8WCBHG|F4|limousine|D|automatic|7|front  |120| 46700| 7|A4 Limousine|35 TDI 120 kW
aaf5  |a4avant |a4     |8WDCFY|F4|avant    |D|automatic|7|quattro|150| 54400| 9|A4 Avant|40 TDI quattro 150 kW
aaf6  |a4avant |a4     |8WDBAC|F4|avant    |B|manual   |6|front  |110| 43900| 4|A4 Avant|35 TFSI 110 kW
aaf7  |a5sb    |a5     |F5AAZG|F5|sportback|B|automatic|7|front  |150| 52300| 6|A5 Sportback|40 TFSI 150 kW
aaf8  |a5cabrio|a5     |F57AVY|F5|cabriolet|B|automatic|7|quattro|195| 68500| 1|A5 Cabriolet|45 TFSI quattro 195 kW
aa4a  |a6limo  |a6     |4A2CAY|4A|limousine|H|automatic|7|quattro|220| 71900| 4|A6 Limousine|50 TFSI e quattro 220 kW
aa4b  |a6avant |a6     |4A5BGG|4A|avant    |D|automatic|7|front  |150| 61800| 6|A6 Avant|40 TDI 150 kW
aa4n  |a8      |a8     |4NC0BA|4N|limousine|D|automatic|8|quattro|210|102000| 1|A8|50 TDI quattro 210 kW
aaga2 |q2      |q2     |GABBKG|GA|suv      |B|automatic|7|front  |110| 35400| 8|Q2|35 TFSI 110 kW
aaf3  |q3      |q3     |F3BBHG|F3|suv      |D|automatic|7|front  |110| 44800|12|Q3|35 TDI 110 kW
aaf3s |q3sb    |q3     |F3NCPX|F3|suv      |H|automatic|6|front  |180| 52600| 6|Q3 Sportback|45 TFSI e 180 kW
aafy  |q5      |q5     |FYBCAY|FY|suv      |D|automatic|7|quattro|150| 60500| 9|Q5|40 TDI quattro 150 kW
aafz  |q5sb    |q5     |FYTC5Y|FY|suv      |H|automatic|7|quattro|220| 71300| 4|Q5 Sportback|50 TFSI e quattro 220 kW
aa4m  |q7      |q7     |4MG0C1|4M|suv      |D|automatic|8|quattro|210| 85900| 4|Q7|50 TDI quattro 210 kW
aaf4e |q4etron |q4     |F4BAC2|F4|suv      |E|automatic|1|rear   |150| 54900| 7|Q4 e-tron|40 150 kW
aage  |q8etron |q8     |GEGBCY|GE|suv      |E|automatic|1|quattro|300| 87200| 3|Q8 e-tron|55 quattro 300 kW
aafw  |etrongt |etrongt|F83RJ7|FW|limousine|E|automatic|2|quattro|350|107000| 1|e-tron GT|quattro 350 kW
aafv  |ttcoupe |tt     |FV3AZG|FV|coupe    |B|manual   |6|front  |180| 48800| 1|TT Coupé|45 TFSI 180 kW
"""


def _model(row: list[str]) -> Model:
    code, carline, group, model_code, vds, body, fuel, gear, gears, drive, *numbers, carline_name, rest = row
    power_kw, price_eur, weight = (int(number) for number in numbers)
    return Model(
        code=code,
        carline=carline,
        group=group,
        model_code=model_code,
        vds=vds,
        body=body,
        fuel=fuel,
        gear=gear,
        gears=gears,
        drive=drive,
        power_kw=power_kw,
        price_eur=price_eur,
        weight=weight,
        carline_name=f"Audi {carline_name}",
        name=f"{carline_name} {rest}",
    )


MODELS = tuple(_model(row) for row in _rows(_MODELS, "|"))

LANGUAGES = ("es", "en", "ko", "pl")

# code, weight, name in each of LANGUAGES
_COLORS = """
2Y2Y|20|Blanco Ibis|Ibis White|아이비스 화이트|Biel Ibis
2YA2|14|Blanco Glaciar metalizado|Glacier White metallic|글레이셔 화이트|Biel Glacier metalik
A2A2|8|Negro Brillante|Brilliant Black|브릴리언트 블랙|Czerń Brillant
0E0E|20|Negro Mito metalizado|Mythos Black metallic|미토스 블랙|Czerń Mythos metalik
L5L5|9|Plata Floret metalizado|Floret Silver metallic|플로렛 실버|Srebro Floret metalik
6Y6Y|12|Gris Daytona perla|Daytona Grey pearl|데이토나 그레이|Szarość Daytona perłowa
2L2L|8|Gris Manhattan metalizado|Manhattan Grey metallic|맨해튼 그레이|Szarość Manhattan metalik
2D2D|6|Azul Navarra metalizado|Navarra Blue metallic|나바라 블루|Błękit Navarra metalik
Y1Y1|3|Rojo Tango metalizado|Tango Red metallic|탱고 레드|Czerwień Tango metalik
"""
COLORS = tuple(
    (code, int(weight), dict(zip(LANGUAGES, names, strict=True))) for code, weight, *names in _rows(_COLORS, "|")
)
INTERIORS = (("EI", "black"), ("MP", "grey"), ("FZ", "black"), ("AJ", "beige"), ("OQ", "red"))
TRIMS = (
    ("basis", "Basis"),
    ("advanced", "Advanced"),
    ("sline", "S line"),
    ("blackline", "Black line"),
    ("adrenalin", "Adrenalin"),
)

# what a code is called in each of LANGUAGES
_WORDS = """
B|Gasolina|Petrol|가솔린|Benzyna
D|Diésel|Diesel|디젤|Diesel
E|Eléctrico|Electric|전기|Elektryczny
H|Híbrido|Hybrid|하이브리드|Hybryda
G|Gas natural|Natural gas (CNG)|천연가스|Gaz ziemny (CNG)
manual|Cambio manual|Manual|수동|Skrzynia manualna
automatic|Cambio automático|Automatic|자동|Skrzynia automatyczna
gears|{} vel.|{}-speed|{}단|{}-biegowa
front|Tracción delantera|Front-wheel drive|전륜구동|Napęd na przednią oś
rear|Tracción trasera|Rear-wheel drive|후륜구동|Napęd na tylną oś
quattro|Tracción quattro|quattro|콰트로|Napęd quattro
fabric|Tela|Cloth|직물|Tkanina
leather|Cuero|Leather|가죽|Skóra
now|inmediata|immediately|즉시|od ręki
later|en camino|in transit|입고 예정|w transporcie
black|negro|black|블랙|czarny
grey|gris|grey|그레이|szary
beige|beige|beige|베이지|beżowy
red|rojo|red|레드|czerwony
horsepower|CV|PS|마력|KM
"""
WORDS = {
    language: {row[0]: row[1 + position] for row in _rows(_WORDS, "|")} for position, language in enumerate(LANGUAGES)
}

# invented words, so that a test can look for them where no person's name may be
PERSON_FIRST_NAMES = ("Fictia", "Inventus", "Nemina", "Ficto")
PERSON_LAST_NAMES = ("Niemandsson", "Nadiez", "Nobodyska", "Personneau", "Ohnenam")

# ISO 3, ISO 2, dealers, names, streets, phone, departments
_COUNTRIES = """
DEU|DE|120|Audi Zentrum {};Autohaus {} GmbH|Industriestraße;Hauptstraße;Am Ring|+49 30 0000|Verkauf;Service
ESP|ES|56|{} Wagen;{} Motor;Audi Center {}|Calle Mayor;Avenida de la Industria;Carretera Norte|+34 900 000|Ventas;Taller
GBR|GB|100|{} Audi|High Street;Station Road;London Road|+44 1632 96|Sales;Service
KOR|KR|24|아우디 {} 전시장|강남대로;중앙로;해안로|+82 2 0000|판매;서비스
POL|PL|38|Audi Centrum {};{} Premium|ul. Przemysłowa;ul. Główna;al. Krakowska|+48 22 000|Sprzedaż;Serwis
USA|US|90|Audi {}|Main Street;Auto Park Way;Route 9|+1 555 01|Sales;Service
AUS|AU|36|Audi Centre {}|Pacific Highway;Victoria Road;King Street|+61 2 5550|Sales;Service
"""
COUNTRIES = tuple(
    Country(
        iso3, iso2, int(dealers), tuple(names.split(";")), tuple(streets.split(";")), phone, tuple(words.split(";"))
    )
    for iso3, iso2, dealers, names, streets, phone, words in _rows(_COUNTRIES, "|")
)

# country, city, region, postal code, latitude, longitude
_CITIES = """
DEU|Hamburg|Hamburg|20097|53.55|10.0
DEU|Berlin|Berlin|10115|52.52|13.4
DEU|Köln|Nordrhein-Westfalen|50667|50.94|6.96
DEU|München|Bayern|80331|48.14|11.58
DEU|Leipzig|Sachsen|04109|51.34|12.37
DEU|Stuttgart|Baden-Württemberg|70173|48.78|9.18
DEU|Bremen|Bremen|28195|53.08|8.8
DEU|Hannover|Niedersachsen|30159|52.37|9.73
DEU|Bühl|Baden-Württemberg|77815|48.7|8.14
ESP|Madrid|Madrid|28001|40.42|-3.7
ESP|Barcelona|Cataluña|08001|41.39|2.17
ESP|Valencia|Comunidad Valenciana|46001|39.47|-0.38
ESP|Sevilla|Andalucía|41001|37.39|-5.99
ESP|Leioa|País Vasco|48940|43.33|-2.98
ESP|Zaragoza|Aragón|50001|41.65|-0.89
ESP|Málaga|Andalucía|29001|36.72|-4.42
ESP|A Coruña|Galicia|15001|43.37|-8.4
ESP|Palma|Illes Balears|07001|39.57|2.65
GBR|Leeds|England|LS1 1AA|53.8|-1.55
GBR|Bristol|England|BS1 1AA|51.45|-2.59
GBR|Glasgow|Scotland|G1 1AA|55.86|-4.25
GBR|Cardiff|Wales|CF10 1AA|51.48|-3.18
GBR|Reading|England|RG1 1AA|51.46|-0.97
GBR|Belfast||BT1 1AA|54.6|-5.93
GBR|York|England|YO1 1AA|53.96|-1.08
GBR|Croydon|England|CR0 1AA|51.37|-0.1
GBR|Norwich|England|NR1 1AA|52.63|1.3
KOR|서울|서울특별시|06000|37.5|127.03
KOR|부산|부산광역시|48000|35.16|129.16
KOR|대구|대구광역시|42000|35.86|128.63
KOR|인천|인천광역시|21500|37.45|126.7
KOR|광주|광주광역시|61900|35.15|126.85
KOR|대전|대전광역시|35200|36.35|127.38
POL|Warszawa|mazowieckie|00-001|52.23|21.01
POL|Kraków|małopolskie|30-001|50.06|19.94
POL|Gdańsk|pomorskie|80-001|54.35|18.65
POL|Wrocław|dolnośląskie|50-001|51.11|17.04
POL|Poznań|wielkopolskie|60-001|52.41|16.93
POL|Łódź|łódzkie|90-001|51.76|19.46
USA|Denver|CO|80202|39.74|-104.99
USA|Austin|TX|78701|30.27|-97.74
USA|Seattle|WA|98101|47.61|-122.33
USA|Atlanta|GA|30303|33.75|-84.39
USA|Boston|MA|02108|42.36|-71.06
USA|Phoenix|AZ|85004|33.45|-112.07
AUS|Sydney|NSW|2000|-33.87|151.21
AUS|Melbourne|VIC|3000|-37.81|144.96
AUS|Brisbane|QLD|4000|-27.47|153.03
AUS|Perth|WA|6000|-31.95|115.86
AUS|Adelaide|SA|5000|-34.93|138.6
AUS|Hobart|TAS|7000|-42.88|147.33
"""


def _cities() -> dict[str, list[City]]:
    cities: dict[str, list[City]] = {}
    for country, name, region, postal_code, latitude, longitude in _rows(_CITIES, "|"):
        city = City(name, region or None, postal_code, float(latitude), float(longitude))
        cities.setdefault(country, []).append(city)
    return cities


CITIES = _cities()
