help-data = **Your data**: /export gives you all of it, /forgetme erases it
