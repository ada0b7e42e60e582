/* What Mojo functions read of standard input in this process comes from where Python's input() has
 * it: of a notebook's front end, or of sys.stdin. */
#pragma once

/* From now on, for the whole process. */
void mc_input_set_up(void);
