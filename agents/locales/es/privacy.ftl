help-data = **Sus datos**: /export se lo entrega todo, /forgetme lo borra
