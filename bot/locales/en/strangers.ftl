stranger-private = This bot is private. If its owner has given you a pairing code, send it here to come in.
stranger-wrong-code = That code is not valid. Ask the owner for a new one: a code lives ten minutes.
