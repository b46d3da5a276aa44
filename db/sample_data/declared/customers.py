"""Whom Corvane Engineering sells to, and who sells against it."""

from db.sample_data.declared.spec import Customer

PORT = Customer("Port of Aldermouth", "Ports", "Netherlands", 1932, 1180, 412)
TERMINAL = Customer("Aldermouth Container Terminal", "Ports", "Netherlands", 1978, 640, 236, PORT)
FERRIES = Customer("Skagen Belt Ferries", "Shipping", "Denmark", 1961, 890, 174)
VANTERA = Customer("Vantera Foods", "Food", "Germany", 1954, 5200, 1630)
RIVARO = Customer("Rivaro Automotive", "Automotive", "Italy", 1969, 7400, 2910)
PHARMA = Customer("Alpstern Pharma", "Pharmaceuticals", "Switzerland", 1987, 2100, 980)
LOGISTICS = Customer("Ferncastle Logistics", "Logistics", "Belgium", 1999, 1450, 327)
PAPER = Customer("Holmgard Paper", "Paper", "Sweden", 1911, 3300, 1240)
PACKAGING = Customer("Holmgard Packaging", "Paper", "Sweden", 1974, 870, 310, PAPER)
STEEL = Customer("Oskarholm Steel", "Metals", "Sweden", 1896, 4100, 1875)
WIND = Customer("Sundby Wind", "Energy", "Denmark", 2006, 520, 265)
WATER = Customer("Brightwell Water", "Utilities", "United Kingdom", 1989, 2600, 890)
RAIL = Customer("Castlereach Rail", "Railways", "United Kingdom", 1996, 3900, 1105)
AIRPORT = Customer("Duneford Airport", "Aviation", "United Kingdom", 1957, 760, 198)
BREWERY = Customer("Kettleby Brewing", "Food", "United Kingdom", 1842, 410, 88)
SHIPYARD = Customer("Meridian Bay Shipyard", "Shipbuilding", "United States", 1940, 2850, 640)
ENERGY = Customer("Tallow Creek Energy", "Energy", "United States", 1972, 1900, 1420)

CUSTOMERS = (
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
