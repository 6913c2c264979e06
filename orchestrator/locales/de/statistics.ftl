stats-kind = - { $name }: { $total }, { $success } % gelungen, im Mittel { $seconds } s
stats-queue = Zurzeit: { $depth } in der Schlange, { $running } in Arbeit. Agenten bei der Arbeit: { $agents }
stats-usage = In { $span }: { $tokens } Tokens, { $credits } Credits
stats-credential = Zugangsdaten für { $service }: in 30 Tagen { $uses }-mal benutzt von { $tool }
stats-mail = Post in 30 Tagen: { $total }, { $delivered } % zugestellt, { $failed } % gescheitert
