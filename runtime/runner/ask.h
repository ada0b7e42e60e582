/* The standard input of a program that asks: its descriptor 0 was the socket of who answers
 * (server/run_input.h). Each read of the process's own, by Mojo or by a Python in it, is
 * answered line by line; what it starts, and the C library's own `stdin`, find it empty. */
#pragma once

#define MC_ASK_MOST 16384 /* bytes of an answer, a packet; an empty one is the end */

/* From now on, in a process that has its three descriptors. */
void mc_ask_begin(void);

/* The library is one that the process runs. */
void mc_ask_watch(void *library);
