"""Who sells at Corvane Engineering."""

from db.sample_data.declared.spec import Person

INGRID = Person("Ingrid Solheim", "ingrid.solheim@corvane.example")
MARA = Person("Mara Lindqvist", "mara.lindqvist@corvane.example", INGRID)
TOMAS = Person("Tomas Verhoeven", "tomas.verhoeven@corvane.example", INGRID)
PRIYA = Person("Priya Raman", "priya.raman@corvane.example", MARA)
CALLUM = Person("Callum Reid", "callum.reid@corvane.example", MARA)
ELENA = Person("Elena Marchetti", "elena.marchetti@corvane.example", TOMAS)
JONAS = Person("Jonas Ekberg", "jonas.ekberg@corvane.example", TOMAS)
SOFIA = Person("Sofia Almeida", "sofia.almeida@corvane.example", TOMAS)

PEOPLE = (INGRID, MARA, TOMAS, PRIYA, CALLUM, ELENA, JONAS, SOFIA)
