"""The users of Corvane Engineering."""

from db.sample_data.declared.spec import User

INGRID = User("Ingrid Solheim", "ingrid.solheim@corvane.example")
MARA = User("Mara Lindqvist", "mara.lindqvist@corvane.example", INGRID)
TOMAS = User("Tomas Verhoeven", "tomas.verhoeven@corvane.example", INGRID)
PRIYA = User("Priya Raman", "priya.raman@corvane.example", MARA)
CALLUM = User("Callum Reid", "callum.reid@corvane.example", MARA)
ELENA = User("Elena Marchetti", "elena.marchetti@corvane.example", TOMAS)
JONAS = User("Jonas Ekberg", "jonas.ekberg@corvane.example", TOMAS)
SOFIA = User("Sofia Almeida", "sofia.almeida@corvane.example", TOMAS)

USERS = (INGRID, MARA, TOMAS, PRIYA, CALLUM, ELENA, JONAS, SOFIA)
