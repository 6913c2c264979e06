# Keys of the HTTP API: { $secret } is shown once.
apikey-made = **{ $name }** - your new API key. It is shown only here and only now: copy it into your program.
    `{ $secret }`
    It acts as you until { $until }. In { $minutes } minutes I take it out of this chat.
apikey-hidden = An API key was shown here; it begins with { $prefix }.
apikey-revoked = The API key { $name } ({ $prefix }…) does not count any more.
apikey-none = You have no API keys. /apikey NAME makes one.
apikey-title = { $count ->
    [one] Your API key:
   *[other] Your { $count } API keys:
    }
apikey-used = last used { $when }
apikey-unused = not used yet
apikey-how = /apikey NAME makes another one.
apikey-private = A key is for your eyes only: write /apikey to me in a private chat.
button-hide-key = I have it, hide it
button-revoke-key = Revoke { $name }
