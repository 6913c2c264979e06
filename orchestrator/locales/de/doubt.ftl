note-unknown-again = Ich wurde genau in dem Augenblick unterbrochen, in dem ich das tat, und Sie haben offen gelassen, ob es geschehen ist. Wenn ja, geschieht es bei einer Wiederholung zweimal.
left-in-doubt = #{ $number } wurde beendet, während ich das tat, und ich kann nicht feststellen, ob es geschehen ist: { $summary }. Bitte sehen Sie selbst nach; ich wiederhole es nicht.
task-failed-unclear = #{ $number } { $title } wurde nicht fertig: { $reason }. Es ist nicht bekannt, ob das geschehen ist: { $unclear }. { $done ->
    [none] Sonst wurde nichts geändert.
   *[other] Das ist geschehen: { $done }.
 } Mit /retry { $number } geht es weiter; ich frage, bevor ich etwas davon wiederhole.
