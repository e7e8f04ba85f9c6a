"""Volkswagen Germany: new and used cars from GSL (Group Stock Locator), dealers from DCC, both back ends of its site.

The hosts, keys and the signature of the requests stand in the site's configuration and change with its releases. Built
from a trimmed capture of three cars and the notes of public clients; where the data version stands in the configuration
is not on record, nor what comes past the last page.
"""

from raw.endpoint import Dealers, Endpoint, First, Get, Inventory, PageIndex, PerSecond, SinglePage

_APPS = "spaAsyncConfig.featureHubModel.featureAppsForFeatureAppService./content/vwa-ngw18-feature-apps/"
_CONFIGURATION = Get("https://www.volkswagen.de/{code}.global-config.json", headers={"Accept": "application/json"})
_SIGNATURE = {"signature": "spaAsyncConfig.serviceConfigEndpoint.signature"}
_SIGNED = {
    "endpoint": {
        "type": "publish",
        "country": "{code}",
        "language": "{language}",
        "content": "onehub_pkw",
        "envName": "prod",
        "testScenarioId": None,
    },
    "signature": "{signature}",
}
_MARKETS = {"de": {"country": "DE"}}

GSL_SEARCH = Endpoint(
    name="gsl_search",
    description="New and used Volkswagens of the German dealers, the latest offer first.",
    yields=Inventory("gsl_inventory"),
    first=First(
        _CONFIGURATION,
        values={
            "base": f"{_APPS}gsl_quicksearch.baseUrl",
            "key": f"{_APPS}gsl_quicksearch.featureAppApiKey",
            "version": f"{_APPS}gsl_quicksearch.dataVersion",
            **_SIGNATURE,
        },
        secrets=("key",),
    ),
    request=Get(
        "{base}/bff/car/search",
        # BQ is the brand
        params={
            "t_manuf": "BQ",
            "sort": "DATE_OFFER",
            "sortdirection": "DESC",
            "country": "{country}",
            "language": "{language}",
            "market": "passenger",
            "oneapiKey": "{key}",
            "dataVersion": "{version}",
        },
        json_params={"endpoint": _SIGNED},
        headers={"Accept": "application/json"},
    ),
    pages=PageIndex(index="page", size="pageitems", step=12, first=1, total="meta.resultNumber"),
    records="cars",
    identity="carid",
    markets=_MARKETS,
    limit=PerSecond(4),
)

DCC_DEALERS = Endpoint(
    name="dcc_dealers",
    description="Volkswagen's German dealers, in one answer.",
    yields=Dealers("dcc_dealers"),
    first=First(
        _CONFIGURATION,
        values={
            "base": f"{_APPS}dealer-selector.baseUrl",
            "key": f"{_APPS}dealer-selector.featureAppApiKey",
            **_SIGNATURE,
        },
        secrets=("key",),
    ),
    request=Get(
        "{base}/bff-search/dealers",
        params={"lufthansaApiKey": "{key}"},
        json_params={
            "serviceConfigEndpoint": _SIGNED,
            "query": {
                "type": "DEALER",
                "language": "{language}-{country}",
                "countryCode": "{country}",
                "dealerServiceFilter": [],
                "contentDealerServiceFilter": [],
                "usePrimaryTenant": True,
                "name": " ",
            },
        },
        headers={"Accept": "application/json"},
    ),
    pages=SinglePage(),
    records="dealers",
    identity="id",
    markets=_MARKETS,
    limit=PerSecond(1),
)

ENDPOINTS = (GSL_SEARCH, DCC_DEALERS)
