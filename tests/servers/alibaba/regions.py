"""Regions and zones of the local Alibaba Cloud, with the names that consoles and bills show.

Zones as in use in October 2024. Their naming is not one: `cn-hangzhou-k` on the mainland, `ap-southeast-1a` elsewhere.
"""

from typing import NamedTuple


class Region(NamedTuple):
    """Names in Chinese and English, and the letters of the zones."""

    chinese: str
    english: str
    zones: str
    status: str = "available"


REGIONS: dict[str, Region] = {
    "cn-qingdao": Region("华北1（青岛）", "China (Qingdao)", "bc"),
    "cn-beijing": Region("华北2（北京）", "China (Beijing)", "abcdefghijkl"),
    "cn-zhangjiakou": Region("华北3（张家口）", "China (Zhangjiakou)", "abc"),
    "cn-huhehaote": Region("华北5（呼和浩特）", "China (Hohhot)", "ab"),
    "cn-wulanchabu": Region("华北6（乌兰察布）", "China (Ulanqab)", "abc"),
    "cn-hangzhou": Region("华东1（杭州）", "China (Hangzhou)", "befghijk"),
    "cn-shanghai": Region("华东2（上海）", "China (Shanghai)", "abcdefgklmn"),
    "cn-nanjing": Region("华东5（南京-本地地域）", "China (Nanjing - Local Region)", "a"),
    "cn-fuzhou": Region("华东6（福州-本地地域）", "China (Fuzhou - Local Region)", "a"),
    "cn-wuhan-lr": Region("华中1（武汉-本地地域）", "China (Wuhan - Local Region)", "a"),
    "cn-shenzhen": Region("华南1（深圳）", "China (Shenzhen)", "abcdef"),
    "cn-heyuan": Region("华南2（河源）", "China (Heyuan)", "ab"),
    "cn-guangzhou": Region("华南3（广州）", "China (Guangzhou)", "ab"),
    "cn-chengdu": Region("西南1（成都）", "China (Chengdu)", "ab"),
    "cn-hongkong": Region("中国香港", "China (Hong Kong)", "bcd"),
    "ap-northeast-1": Region("日本（东京）", "Japan (Tokyo)", "abc"),
    "ap-northeast-2": Region("韩国（首尔）", "South Korea (Seoul)", "a"),
    "ap-southeast-1": Region("新加坡", "Singapore", "abc"),
    "ap-southeast-2": Region("澳大利亚（悉尼）已关停", "Australia (Sydney) Closed Down", "ab", "soldOut"),
    "ap-southeast-3": Region("马来西亚（吉隆坡）", "Malaysia (Kuala Lumpur)", "ab"),
    "ap-southeast-5": Region("印度尼西亚（雅加达）", "Indonesia (Jakarta)", "abc"),
    "ap-southeast-6": Region("菲律宾（马尼拉）", "Philippines (Manila)", "a"),
    "ap-southeast-7": Region("泰国（曼谷）", "Thailand (Bangkok)", "a"),
    "ap-south-1": Region("印度（孟买）已关停", "India (Mumbai) Closed Down", "ab", "soldOut"),
    "us-east-1": Region("美国（弗吉尼亚）", "US (Virginia)", "ab"),
    "us-west-1": Region("美国（硅谷）", "US (Silicon Valley)", "ab"),
    "na-south-1": Region("墨西哥", "Mexico", "a"),
    "eu-west-1": Region("英国（伦敦）", "UK (London)", "ab"),
    "eu-central-1": Region("德国（法兰克福）", "Germany (Frankfurt)", "abc"),
    "me-east-1": Region("阿联酋（迪拜）", "UAE (Dubai)", "a"),
}
# Still listed, but nothing there answers any more.
CLOSED = ("ap-south-1", "ap-southeast-2")


def zones(region: str) -> list[str]:
    """The ids of a region's zones."""
    hyphen = "-" if region.startswith("cn-") else ""
    return [f"{region}{hyphen}{letter}" for letter in REGIONS[region].zones]


def display_name(region: str, site: str) -> str:
    """What a bill of this site calls the region."""
    found = REGIONS.get(region)
    return (found.chinese if site == "china" else found.english) if found else ""
