appointment-unlike = I find no appointment like that.
appointment-none-of-these = None of these
appointment-untouched = All right, I have changed nothing.
appointment-what = What shall I put in your calendar then?
appointment-one-of-several = That is one appointment, for one person. For the second one, press the button or ask again.
appointment-staff-not-free = { $staff } is not free then or does not do that. Your appointment stays as it is: { $title }, { $when }.
appointment-staff-unknown = { $name } does not work here. Your appointment stays as it is: { $title }, { $when }.
