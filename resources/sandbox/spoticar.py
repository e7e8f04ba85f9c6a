"""Spoticar in Spain, played: twelve cars a page, each value in a list of its own."""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Feed, InQuery, Page, Record, Route, Template, World

_MODELS = parts.table("""
brand  |name  |fuel    |gear      |price:int|weight:int|vin
fiat   |500   |ELEC    |automatico|31000    |4         |ZFAEFAA4
peugeot|208   |GASOLINA|manual    |24000    |9         |VR3UPHNE
citroen|c5    |DIESEL  |automatico|36000    |5         |VR7AYHTR
opel   |corsa |GASOLINA|manual    |22000    |7         |VXKUPHNE
""")
_DEALERS = parts.Dealers("spoticar", {"es": 40}, id="00001{digits5}", name="spoticar {city}")
_CAR = Template(
    """{"_source": {"marque": ["{model.brand}"], "model": ["{model.name}"], "version": ["{model.name} style"],
    "field_vo_annee_modele": ["{year:d}"], "field_vo_km": ["{mileage}"], "field_vo_prix_base": ["{price}"],
    "field_vo_vin": ["vin"], "fuel_type": ["{model.fuel}"], "boite_vitesse": ["{model.gear}"], "field_pdv_title":
    ["{dealer.name}"], "field_pdv_city": ["{dealer.city}"], "field_pdv_geo_id": ["{dealer.id}"], "url":
    ["/comprar-vehiculo-de-ocasion/{model.brand}-{code}"]}}""",
    {"_source.field_vo_vin": lambda car: [car.vin.lower()]},
)


def _answer(page: Page) -> Record:
    return {"count": {"value": page.total, "relation": "eq"}, "lastPage": page.pages + 48, "hits": page.records}


def sandbox_routes(world: World) -> list[Route]:
    return [
        Feed(
            world=world,
            oem="spoticar",
            endpoint="used_cars",
            host="www.spoticar.es",
            path="/api/vehicleoffers/paginate/search",
            serves=parts.Stock(world, "spoticar", {"es": 1}, models=_MODELS, dealers=_DEALERS),
            record=_CAR,
            market="es",
            paging=parts.Pages(InQuery("page"), size=12, first=1),
            answer=_answer,
            records="hits",
            identity="_source.field_vo_vin",
            total="count.value",
            example="/api/vehicleoffers/paginate/search?page=1",
        ).route()
    ]
