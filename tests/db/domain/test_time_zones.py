from datetime import datetime, timedelta

from db.domain.time_zones import time_zone, time_zone_names


def test_every_name_has_a_time_zone() -> None:
    noon = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - local in each zone
    offsets = {name: noon.replace(tzinfo=time_zone(name)).utcoffset() for name in time_zone_names()}
    assert len(offsets) > 400
    assert (offsets["UTC"], offsets["Europe/Berlin"]) == (timedelta(0), timedelta(hours=2))
