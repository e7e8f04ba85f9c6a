"""Tables for the played Mercedes-Benz USA: classes, models, colours, equipment, cities.

Model names, prices and colours are of the right kind, not a price list.
"""

from __future__ import annotations

from typing import NamedTuple


class Model(NamedTuple):
    """A model of a class. price_usd: new; fuel: G, E or H; vds: five characters of the VIN after the WMI."""

    class_id: str
    model_id: str
    body_id: str
    wmi: str
    vds: str
    fuel: str
    horsepower: int
    price_usd: int
    weight: int
    name: str
    engine: str


class City(NamedTuple):
    """A place with dealers, degrees WGS 84."""

    name: str
    state: str
    zip_code: str
    region: str
    latitude: float
    longitude: float


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


# the share of each class in the stock, in percent, and its name
CLASSES = {
    "A": (2, "A-Class"),
    "C": (15, "C-Class"),
    "CLA": (6, "CLA Coupe"),
    "CLE": (3, "CLE"),
    "CLS": (1, "CLS Coupe"),
    "E": (9, "E-Class"),
    "EQB": (4, "EQB SUV"),
    "EQE": (5, "EQE"),
    "EQS": (4, "EQS"),
    "G": (2, "G-Class SUV"),
    "GLA": (6, "GLA SUV"),
    "GLB": (6, "GLB SUV"),
    "GLC": (15, "GLC SUV"),
    "GLE": (12, "GLE SUV"),
    "GLS": (4, "GLS SUV"),
    "GT": (1, "AMG GT"),
    "S": (4, "S-Class"),
    "SL": (1, "SL Roadster"),
}

BODIES = {
    "SDN": "Sedans",
    "WGN": "Wagons",
    "CPE": "Coupes",
    "CAB": "Cabriolets",
    "SUV": "SUVs",
    "RDS": "Roadsters",
}

# class, model, body, WMI, VDS, fuel, horsepower, USD, weight within the class, name, engine
_MODELS = """
A  |A220W  |SDN|W1K|3G4EB|G|188| 35000|6|A 220 Sedan|2.0L inline-4 turbo engine
A  |A220W4 |SDN|W1K|3G4FB|G|188| 37000|4|A 220 4MATIC Sedan|2.0L inline-4 turbo engine
C  |C300W  |SDN|W1K|AF4GB|G|255| 47000|5|C 300 Sedan|2.0L inline-4 turbo engine with mild hybrid drive
C  |C300W4 |SDN|W1K|AF4HB|G|255| 49000|5|C 300 4MATIC Sedan|2.0L inline-4 turbo engine with mild hybrid drive
C  |C43W4  |SDN|W1K|AF8AB|G|402| 61000|1|AMG C 43 Sedan|AMG-enhanced 2.0L inline-4 turbo engine
CLA|CLA250C|CPE|W1K|5J4GB|G|221| 42000|5|CLA 250 Coupe|2.0L inline-4 turbo engine
CLA|CLA35C4|CPE|W1K|5J5BB|G|302| 53000|2|AMG CLA 35 Coupe|AMG-enhanced 2.0L inline-4 turbo engine
CLE|CLE300C|CPE|W1K|MJ4HB|G|255| 57000|3|CLE 300 4MATIC Coupe|2.0L inline-4 turbo engine with mild hybrid drive
CLE|CLE450A|CAB|W1K|MK5JB|G|375| 75000|2|CLE 450 4MATIC Cabriolet|3.0L inline-6 turbo engine with mild hybrid drive
CLS|CLS450C|CPE|W1K|2J5JB|G|362| 77000|1|CLS 450 4MATIC Coupe|3.0L inline-6 turbo engine with mild hybrid drive
E  |E350W  |SDN|W1K|LF4HB|G|255| 63000|5|E 350 Sedan|2.0L inline-4 turbo engine with mild hybrid drive
E  |E350W4 |SDN|W1K|LF4JB|G|255| 65000|6|E 350 4MATIC Sedan|2.0L inline-4 turbo engine with mild hybrid drive
E  |E450S4 |WGN|W1K|LH6FB|G|375| 77000|2|E 450 4MATIC All-Terrain|3.0L inline-6 turbo with mild hybrid drive
E  |E450A4 |CAB|W1K|1K6JB|G|362| 78000|1|E 450 4MATIC Cabriolet|3.0L inline-6 turbo engine with mild hybrid drive
E  |E53EW4 |SDN|W1K|LF8DB|H|577| 89000|1|AMG E 53 HYBRID Sedan|AMG-enhanced 3.0L inline-6 turbo plug-in hybrid
EQB|EQB300W|SUV|W1N|9M0CB|E|225| 54000|3|EQB 300 4MATIC SUV|Dual electric motors
EQB|EQB250W|SUV|W1N|9M1CB|E|188| 53000|2|EQB 250+ SUV|Single electric motor
EQE|EQE350V|SDN|W1K|EG2BB|E|288| 75000|2|EQE 350+ Sedan|Single electric motor
EQE|EQE350X|SUV|W1N|4X2DB|E|288| 78000|3|EQE 350 4MATIC SUV|Dual electric motors
EQS|EQS450V|SDN|W1K|CG2DB|E|355|105000|3|EQS 450+ Sedan|Single electric motor
EQS|EQS580X|SUV|W1N|DM4EB|E|536|126000|2|EQS 580 4MATIC SUV|Dual electric motors
G  |G550W4 |SUV|W1N|YC7HJ|G|416|140000|2|G 550 SUV|Handcrafted 4.0L V8 biturbo engine
G  |G63W4  |SUV|W1N|YC8AJ|G|577|180000|1|AMG G 63 SUV|Handcrafted AMG 4.0L V8 biturbo engine
GLA|GLA250W|SUV|W1N|4N4GB|G|221| 42000|3|GLA 250 SUV|2.0L inline-4 turbo engine
GLA|GLA250W4|SUV|W1N|4N4HB|G|221| 44000|3|GLA 250 4MATIC SUV|2.0L inline-4 turbo engine
GLB|GLB250W|SUV|W1N|4M4GB|G|221| 44000|3|GLB 250 SUV|2.0L inline-4 turbo engine
GLB|GLB250W4|SUV|W1N|4M4HB|G|221| 46000|3|GLB 250 4MATIC SUV|2.0L inline-4 turbo engine
GLC|GLC300W|SUV|W1N|KM4GB|G|255| 49000|4|GLC 300 SUV|2.0L inline-4 turbo engine with mild hybrid drive
GLC|GLC300W4|SUV|W1N|KM4HB|G|255| 51000|5|GLC 300 4MATIC SUV|2.0L inline-4 turbo engine with mild hybrid drive
GLC|GLC350EW|SUV|W1N|KM5CB|H|313| 61000|1|GLC 350e 4MATIC SUV|2.0L inline-4 turbo plug-in hybrid
GLE|GLE350W4|SUV|4JG|FB4KB|G|255| 66000|5|GLE 350 4MATIC SUV|2.0L inline-4 turbo engine
GLE|GLE450W4|SUV|4JG|FB5KB|G|375| 74000|3|GLE 450 4MATIC SUV|3.0L inline-6 turbo engine with mild hybrid drive
GLE|GLE53C4|CPE|4JG|FD6BB|G|429| 93000|1|AMG GLE 53 Coupe|AMG-enhanced 3.0L inline-6 turbo engine
GLS|GLS450W4|SUV|4JG|FF5KE|G|375| 91000|3|GLS 450 4MATIC SUV|3.0L inline-6 turbo engine with mild hybrid drive
GLS|GLS580W4|SUV|4JG|FF8GE|G|510|115000|1|GLS 580 4MATIC SUV|Handcrafted 4.0L V8 biturbo engine
GT |GT55C4 |CPE|W1K|RJ7GA|G|469|138000|1|AMG GT 55 4MATIC+ Coupe|Handcrafted AMG 4.0L V8 biturbo engine
S  |S500V4 |SDN|W1K|6G6DB|G|442|120000|3|S 500 4MATIC Sedan|3.0L inline-6 turbo engine with mild hybrid drive
S  |S580EV4|SDN|W1K|6G5CB|H|510|128000|1|S 580e 4MATIC Sedan|3.0L inline-6 turbo plug-in hybrid
SL |SL43R  |RDS|W1K|VK3AB|G|375|112000|1|AMG SL 43 Roadster|AMG-enhanced 2.0L inline-4 turbo engine
"""


def _model(row: list[str]) -> Model:
    class_id, model_id, body_id, wmi, vds, fuel, horsepower, price_usd, weight, name, engine = row
    return Model(
        class_id, model_id, body_id, wmi, vds, fuel, int(horsepower), int(price_usd), int(weight), name, engine
    )


MODELS = tuple(_model(row) for row in _rows(_MODELS))
FUELS = {"G": "Gasoline", "E": "Electric", "H": "Plug-in Hybrid"}

# colour, code of its family, weight
COLORS = (
    ("Polar White", "WHT", 28),
    ("MANUFAKTUR Diamond White metallic", "WHT", 6),
    ("Obsidian Black metallic", "BLK", 24),
    ("Black", "BLK", 6),
    ("Graphite Grey metallic", "GRY", 12),
    ("Selenite Grey metallic", "GRY", 6),
    ("Mojave Silver metallic", "SLV", 4),
    ("Cirrus Silver metallic", "SLV", 6),
    ("Nautical Blue metallic", "BLU", 5),
    ("MANUFAKTUR Cardinal Red metallic", "RED", 3),
)
COLOR_FAMILIES = {"WHT": "White", "BLK": "Black", "GRY": "Grey", "SLV": "Silver", "BLU": "Blue", "RED": "Red"}
UPHOLSTERIES = (
    "Black leather",
    "Black MB-Tex",
    "Macchiato Beige/Black MB-Tex",
    "Nut Brown/Black leather",
    "Neva Grey/Sable Brown MB-Tex",
)
EQUIPMENT = (
    ("0:04U", "Off-road dash display"),
    ("0:16U", "Wireless smartphone mirroring"),
    ("0:233", "Active Distance Assist DISTRONIC"),
    ("0:235", "PARKTRONIC with Active Parking Assist"),
    ("0:266", "Active Steering Assist"),
    ("0:293", "Rear-seat side-impact air bags"),
    ("0:401", "Ventilated front seats"),
    ("0:413", "Panorama roof"),
    ("0:463", "Head-up display"),
    ("0:501", "Surround View System"),
    ("0:810", "Burmester 3D surround sound system"),
    ("0:873", "Heated front seats"),
)

# city, state, ZIP, region, latitude, longitude
_CITIES = """
Boston|MA|02108|NORTHEAST|42.36|-71.06
Providence|RI|02903|NORTHEAST|41.82|-71.41
Portland|ME|04101|NORTHEAST|43.66|-70.26
Hartford|CT|06103|NORTHEAST|41.76|-72.67
Newark|NJ|07102|NORTHEAST|40.74|-74.17
Brooklyn|NY|11201|NORTHEAST|40.69|-73.99
Albany|NY|12207|NORTHEAST|42.65|-73.75
Pittsburgh|PA|15222|NORTHEAST|40.44|-79.99
Philadelphia|PA|19103|NORTHEAST|39.95|-75.17
Baltimore|MD|21201|NORTHEAST|39.29|-76.61
Richmond|VA|23219|NORTHEAST|37.54|-77.44
Raleigh|NC|27601|SOUTHERN|35.78|-78.64
Charleston|SC|29401|SOUTHERN|32.78|-79.93
Atlanta|GA|30303|SOUTHERN|33.75|-84.39
Jacksonville|FL|32202|SOUTHERN|30.33|-81.66
Miami|FL|33131|SOUTHERN|25.77|-80.19
Tampa|FL|33602|SOUTHERN|27.95|-82.46
Birmingham|AL|35203|SOUTHERN|33.52|-86.8
Nashville|TN|37203|SOUTHERN|36.16|-86.78
Louisville|KY|40202|CENTRAL|38.25|-85.76
Columbus|OH|43215|CENTRAL|39.96|-83.0
Cleveland|OH|44114|CENTRAL|41.5|-81.69
Indianapolis|IN|46204|CENTRAL|39.77|-86.16
Ann Arbor|MI|48104|CENTRAL|42.28|-83.74
Des Moines|IA|50309|CENTRAL|41.59|-93.62
Milwaukee|WI|53202|CENTRAL|43.04|-87.91
Minneapolis|MN|55402|CENTRAL|44.98|-93.27
Chicago|IL|60611|CENTRAL|41.89|-87.62
Saint Louis|MO|63101|CENTRAL|38.63|-90.2
Wichita|KS|67202|CENTRAL|37.69|-97.34
Omaha|NE|68102|CENTRAL|41.26|-95.94
New Orleans|LA|70112|SOUTHERN|29.95|-90.07
Little Rock|AR|72201|SOUTHERN|34.75|-92.29
Tulsa|OK|74103|SOUTHERN|36.15|-95.99
Dallas|TX|75201|SOUTHERN|32.78|-96.8
Houston|TX|77002|SOUTHERN|29.76|-95.37
San Antonio|TX|78205|SOUTHERN|29.42|-98.49
Denver|CO|80202|WESTERN|39.74|-104.99
Boise|ID|83702|WESTERN|43.62|-116.2
Salt Lake City|UT|84101|WESTERN|40.76|-111.89
Phoenix|AZ|85004|WESTERN|33.45|-112.07
Albuquerque|NM|87102|WESTERN|35.08|-106.65
Las Vegas|NV|89101|WESTERN|36.17|-115.14
Los Angeles|CA|90017|WESTERN|34.05|-118.24
San Diego|CA|92101|WESTERN|32.72|-117.16
Fresno|CA|93721|WESTERN|36.74|-119.79
San Francisco|CA|94103|WESTERN|37.77|-122.42
Honolulu|HI|96813|WESTERN|21.31|-157.86
Portland|OR|97204|WESTERN|45.52|-122.68
Seattle|WA|98101|WESTERN|47.61|-122.33
"""
CITIES = tuple(
    City(name, state, zip_code, region, float(latitude), float(longitude))
    for name, state, zip_code, region, latitude, longitude in _rows(_CITIES)
)
REGION_CODES = {"NORTHEAST": "01", "SOUTHERN": "02", "CENTRAL": "03", "WESTERN": "04"}
