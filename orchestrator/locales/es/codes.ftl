# Cartas que confirman una dirección de correo.
place-too-many-codes = Se enviaron demasiados códigos en una hora. El último todavía vale; si no, inténtelo más tarde.
