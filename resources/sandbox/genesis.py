"""Genesis, played: the inventory search of the United States, one answer a model with each car's dealer inside.

A record follows four edited ones of 2023, the envelope a public connector.
"""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import ABSENT, Feed, Filter, InQuery, Page, Present, Record, Route, Template, World

_MODELS = parts.table("""
name           |code    |trim       |drive|engine         |hp |seats|price:int|weight:int|vin
G70            |Q1472A65|2.5T       |RWD  |2.5L I4        |300|5    |44200    |4         |KMTG34SC
G80            |S1472A65|3.5T       |AWD  |3.5L V6        |375|NA   |67880    |4         |KMTGB4SD
G90            |R1472A65|3.5T E-SC  |AWD  |3.5L V6        |409|NA   |101000   |1         |KMTFB4SD
GV60           |N0432A65|Performance|AWD  |Electric       |429|5    |69900    |3         |KMUKEDTB
GV70           |J1402A65|2.5T       |AWD  |2.5L I4        |300|5    |47850    |8         |KMUMADTB
GV80           |G1402A65|3.5T       |AWD  |3.5L V6        |375|7    |75150    |5         |KMUHCESC
Electrified-GV70|E1402A65|Advanced  |AWD  |Electric       |429|5    |66450    |1         |KMUMFDTB
""")
_DEALERS = parts.Dealers("genesis", {"us": 45}, id="{region}{digits5:.3}", name="Genesis Of {city}", without_stock=0.0)
_CAR = Template(
    """{"images": ["/images/main_image.png"], "featureHighlights": ["Heated Front Seats"], "detailedInteriorFeatures":
    ["Compass"], "detailedExteriorFeatures": ["Clearcoat Paint"], "detailedMechanicFeatures": ["150 Amp Alternator"],
    "detailedSafetyFeatures": ["ABS"], "dealerDetails": {}, "VIN": "{vin}", "DealerCd": "{dealer.id}", "DlrName":
    "{dealer.name}", "DlrZipCode": "{dealer.postal_code}", "DlrRegion": "EA", "StockNumber": "{vin}", "FormattedPrice":
    "${price:,}", "SortablePrice": "{price}", "Model": "{model.name}", "ModelTitle": "{year} GENESIS {model.name}",
    "YearModel": "{year} {model.name}", "TrimDriveTrain": "{model.trim} {model.drive}", "SAPModelCd": "{model.code}",
    "TrimDesc": "{model.trim}", "Mileage": "New", "Seating": "{model.seats}", "Drivetrain": "{model.drive}",
    "DrivetrainDesc": "A", "EngineDesc": "{model.engine}", "Trans": "AUTO", "ExtColorCd": "{color.code}",
    "ExtColorDesc": "{color.name}", "ExtColor": "Black", "IntColorCd": "NSS", "IntColor": "obsidian-black", "Cylinders":
    "6", "Displacement": "3.5", "HorsePower": "{model.hp}", "CityMPGRating": "16", "EPAEstAvgMPGRating": "19",
    "HighwayMPGRating": "25", "Freight": "$1,125", "Package": "Prestige", "ExtColorSwatch": {"URL": "/swatch.png"},
    "IntColorSwatch": {"URL": "/swatch.png"}, "MainImage": {"URL": "https://www.genesis.com/{digits5}.png"}, "AllImage":
    [{"URL": "/360.png"}], "PlannedDeliveryDate": "{listed_on}T07:00:00", "distance": "5", "ModelYear": 2026,
    "SortableMileage": 5, "msrp": 1, "totalExtColorPrice": 0, "totalIntColorPrice": 0, "totalPackagePrice": 0,
    "TotalAccessoryPrice": 0}""",
    {
        "SortablePrice": lambda car: str(car.price),
        "ModelYear": "year",
        "msrp": "list_price",
        "SortableMileage": lambda car: car.whole("miles", 0, 40),
        "PlannedDeliveryDate": lambda car: f"{car.listed_on}T07:00:00" if car.chance("awaited") < 0.4 else ABSENT,
        "dealerDetails": lambda car: {
            "name": car.dealer.name,
            "phone": car.dealer.phone,
            "website": f"https://www.{car.dealer.site}",
            "address": f"{car.dealer.street}, {car.dealer.city}, {car.dealer.region} {car.dealer.postal_code}, US",
            "map": {"latitude": car.dealer.latitude, "longitude": car.dealer.longitude},
        },
    },
)


def _answer(page: Page) -> Record:
    return {"result": {"status": "SUCCESS", "vehicles": page.records} if page.total else {"status": "No records found"}}


def sandbox_routes(world: World) -> list[Route]:
    stock = parts.Stock(world, "genesis", {"us": 1}, models=_MODELS, dealers=_DEALERS, used=0.0)
    return [
        Feed(
            world=world, oem="genesis", endpoint="us_inventory", host="www.genesis.com",
            path="/bin/api/v2/inventory/search", serves=stock, record=_CAR, market="us",
            checks=[Present(InQuery("zip"), parts.refusal(400, "zip is required"))],
            narrowing=[Filter(InQuery("model"), "model.name")],
            answer=_answer, records="result.vehicles", identity="VIN",
            example="/bin/api/v2/inventory/search?model=G80&zip=66952&radius=8000&maxdealers=5000",
        ).route()
    ]  # fmt: skip
