# Briefe, die eine E-Mail-Adresse bestätigen.
place-too-many-codes = Es wurden zu viele Codes innerhalb einer Stunde verschickt. Der letzte gilt noch; sonst versuchen Sie es später wieder.
