"""The accounts and competitors of Corvane Engineering."""

from db.sample_data.declared.spec import Account

PORT = Account("Port of Aldermouth", "Ports", "Netherlands", 1932, 1180, 412)
TERMINAL = Account("Aldermouth Container Terminal", "Ports", "Netherlands", 1978, 640, 236, PORT)
FERRIES = Account("Skagen Belt Ferries", "Shipping", "Denmark", 1961, 890, 174)
VANTERA = Account("Vantera Foods", "Food", "Germany", 1954, 5200, 1630)
RIVARO = Account("Rivaro Automotive", "Automotive", "Italy", 1969, 7400, 2910)
PHARMA = Account("Alpstern Pharma", "Pharmaceuticals", "Switzerland", 1987, 2100, 980)
LOGISTICS = Account("Ferncastle Logistics", "Logistics", "Belgium", 1999, 1450, 327)
PAPER = Account("Holmgard Paper", "Paper", "Sweden", 1911, 3300, 1240)
PACKAGING = Account("Holmgard Packaging", "Paper", "Sweden", 1974, 870, 310, PAPER)
STEEL = Account("Oskarholm Steel", "Metals", "Sweden", 1896, 4100, 1875)
WIND = Account("Sundby Wind", "Energy", "Denmark", 2006, 520, 265)
WATER = Account("Brightwell Water", "Utilities", "United Kingdom", 1989, 2600, 890)
RAIL = Account("Castlereach Rail", "Railways", "United Kingdom", 1996, 3900, 1105)
AIRPORT = Account("Duneford Airport", "Aviation", "United Kingdom", 1957, 760, 198)
BREWERY = Account("Kettleby Brewing", "Food", "United Kingdom", 1842, 410, 88)
SHIPYARD = Account("Meridian Bay Shipyard", "Shipbuilding", "United States", 1940, 2850, 640)
ENERGY = Account("Tallow Creek Energy", "Energy", "United States", 1972, 1900, 1420)

ACCOUNTS = (
    PORT,
    TERMINAL,
    FERRIES,
    VANTERA,
    RIVARO,
    PHARMA,
    LOGISTICS,
    PAPER,
    PACKAGING,
    STEEL,
    WIND,
    WATER,
    RAIL,
    AIRPORT,
    BREWERY,
    SHIPYARD,
    ENERGY,
)

OAKHAVEN = "Oakhaven Systems"
BRINDLE = "Brindle & Voss"
TESSALY = "Tessaly Automation"
NORTHREACH = "Northreach Marine"

COMPETITORS = (OAKHAVEN, BRINDLE, TESSALY, NORTHREACH)
