# Letters that confirm an e-mail address.
place-too-many-codes = Too many codes were sent within an hour. The last one still counts; otherwise try again later.
