custom-no-steps = Dafür stehen keine Schritte in der Konfiguration.
custom-wrong-steps = Die eingestellten Schritte sind nicht brauchbar: { $reason }
custom-not-for-guests = Nur Besitzer und Mitglieder dieses Hauses können eingestellte Schritte ausführen lassen.
custom-done = Erledigt: { $goal }. { $steps } Schritte, { $credits } Credits.
custom-failed = Der Schritt „{ $step }“ ging nicht wie geplant: { $reason }. Davor erledigt: { $done }.
custom-not-started = { $reason }
custom-change = Diese Schritte stehen in der Konfiguration; ändern Sie sie dort und starten Sie neu. Sie schrieben: { $wish }
intent-custom = eingestellte Schritte
