"""Alibaba's products as this tool calls them: versions of their APIs, addresses, how they hand on pages.

Sources: the endpoint pages of each product; the SDK's own table is years old and leads new regions to Hangzhou.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from collectors.endpoints import checked, endpoint_of, is_loopback

CHINA, INTERNATIONAL = "china", "international"
# A region of each site; billing is asked there.
SITES = {CHINA: "cn-hangzhou", INTERNATIONAL: "ap-southeast-1"}
# Regions that are closed but still listed: calls there fail, and nothing is left in them.
CLOSED = ("ap-south-1", "ap-southeast-2")
# Without a proxy, whatever the environment names: for what is on this machine or next to it.
DIRECTLY: Mapping[str, str] = {"http": "", "https": "", "all": ""}
# Regions for which nobody has to be asked, where they may not be listed.
KNOWN = (
    "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5", "ap-southeast-6",
    "ap-southeast-7", "cn-beijing", "cn-chengdu", "cn-fuzhou", "cn-guangzhou", "cn-hangzhou", "cn-heyuan",
    "cn-hongkong", "cn-huhehaote", "cn-nanjing", "cn-qingdao", "cn-shanghai", "cn-shenzhen", "cn-wuhan-lr",
    "cn-wulanchabu", "cn-zhangjiakou", "eu-central-1", "eu-west-1", "me-central-1", "me-east-1", "us-east-1",
    "us-west-1",
)  # fmt: skip
# Products that some regions do not have: nobody knows their host there.
SOME_REGIONS = ("alb", "nlb", "kvstore", "polardb", "cr", "fc", "eas", "dsw", "sls")
# Products that an account may have nothing of, and a private endpoint may not lead to.
OPTIONAL = (*SOME_REGIONS, "rds", "ess", "ess-2022", "cs")
# Regions whose RDS and ESS have one address for all of them.
_TOGETHER = (
    "cn-qingdao", "cn-beijing", "cn-hangzhou", "cn-shanghai", "cn-shenzhen", "cn-hongkong", "ap-southeast-1",
    "us-west-1", "us-east-1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """One product: version of its API, host by region, calls a second that an account may send it.

    Where calls are counted for the account and not region by region, `everywhere` is set.
    """

    version: str
    host: str
    per_second: float = 20.0
    everywhere: bool = False
    together: str | None = None
    together_in: tuple[str, ...] = _TOGETHER
    also: tuple[str, ...] = ()


# Calls per second stay below what is documented: CloudMonitor 50, billing 10.
PRODUCTS: Mapping[str, Product] = {
    "ecs": Product("2014-05-26", "ecs.{region}.aliyuncs.com"),
    "vpc": Product("2016-04-28", "vpc.{region}.aliyuncs.com"),
    "slb": Product("2014-05-15", "slb.{region}.aliyuncs.com"),
    "alb": Product("2020-06-16", "alb.{region}.aliyuncs.com"),
    "nlb": Product("2022-04-30", "nlb.{region}.aliyuncs.com"),
    "ess": Product("2014-08-28", "ess.{region}.aliyuncs.com", together="ess.aliyuncs.com"),
    # The older interface of the resource directory, the newer one of scaling: where the usual one is not there.
    "ess-2022": Product("2022-02-22", "ess.{region}.aliyuncs.com", also=("ESS",)),
    "rds": Product("2014-08-15", "rds.{region}.aliyuncs.com", together="rds.aliyuncs.com"),
    "kvstore": Product(
        "2015-01-01",
        "r-kvstore.{region}.aliyuncs.com",
        together="r-kvstore.aliyuncs.com",
        together_in=("cn-hangzhou",),
        also=("R_KVSTORE",),
    ),
    "polardb": Product(
        "2017-08-01",
        "polardb.{region}.aliyuncs.com",
        together="polardb.aliyuncs.com",
        together_in=("cn-beijing", "cn-hangzhou", "cn-heyuan", "cn-qingdao", "cn-shanghai", "cn-wulanchabu"),
    ),
    "cs": Product("2015-12-15", "cs.{region}.aliyuncs.com"),
    "cr": Product("2018-12-01", "cr.{region}.aliyuncs.com"),
    "fc": Product("2023-03-30", "fcv3.{region}.aliyuncs.com"),
    "eas": Product("2021-07-01", "pai-eas.{region}.aliyuncs.com", also=("PAI_EAS",)),
    "dsw": Product("2022-01-01", "pai-dsw.{region}.aliyuncs.com", also=("PAI_DSW",)),
    "sls": Product("", "{region}.log.aliyuncs.com", also=("LOG",)),
    "cms": Product("2019-01-01", "metrics.{region}.aliyuncs.com", per_second=45.0, everywhere=True),
    "bss": Product(
        "2017-12-14", "business.{region}.aliyuncs.com", per_second=8.0, everywhere=True, also=("BSSOPENAPI",)
    ),
    "sts": Product("2015-04-01", "sts.aliyuncs.com"),
    "resourcedirectory": Product(
        "2022-04-19", "resourcedirectory.aliyuncs.com", also=("RESOURCEDIRECTORYMASTER",)
    ),
    "resourcemanager": Product("2020-03-31", "resourcemanager.aliyuncs.com"),
    "oss": Product("", "oss-{region}.aliyuncs.com"),
}


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation is asked for pages: parameters for a page's size and place, where the next place is told.

    `total` says that places are page numbers, counted until so many are there.
    """

    size: str
    send: str
    receive: str | None = None
    total: str | None = None


TOKENS = Paging("MaxResults", "NextToken", "NextToken")
NUMBERS = Paging("PageSize", "PageNumber", total="TotalCount")
BILLING_TOKENS = Paging("MaxResults", "NextToken", "Data.NextToken")
BILLING_NUMBERS = Paging("PageSize", "PageNum", total="Data.TotalCount")


def address_of(product: str, region: str, endpoint: str | None) -> tuple[str, bool]:
    """Where a product is asked in a region, as scheme://host, and whether that is this machine.

    One product's own variable is before `endpoint`, which is before the variable for all of them. Raises
    ConfigError for one that is no endpoint, or plain http to anywhere else.
    """
    known = PRODUCTS[product]
    own = {
        f"ALIBABA_CLOUD_ENDPOINT_{name}": product for name in (product.upper().replace("-", "_"), *known.also)
    }
    found, local = endpoint_of(own, "")
    if found:
        return found, local
    if endpoint:
        address = checked("--endpoint", endpoint)
        return address, is_loopback(urlsplit(address).hostname or "")
    host = (
        known.together if known.together and region in known.together_in else known.host.format(region=region)
    )
    if product == "bss" and region == SITES[CHINA]:
        host = "business.aliyuncs.com"
    return endpoint_of({"FINOPS_ALIBABA_ENDPOINT": "every product of Alibaba Cloud"}, f"https://{host}")
