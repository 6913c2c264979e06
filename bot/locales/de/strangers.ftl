stranger-private = Dieser Bot ist privat. Wenn du vom Besitzer einen Kopplungscode bekommen hast, schicke ihn hier, um eingelassen zu werden.
stranger-wrong-code = Dieser Code gilt nicht. Bitte den Besitzer um einen neuen: Ein Code gilt zehn Minuten.
