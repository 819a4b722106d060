"""Pure rules: values in, values out. Time, ids and signatures are arguments."""
