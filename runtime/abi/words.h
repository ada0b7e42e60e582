/* The words of a crash. What Mojo has to say of an abort() or a failed check it prints, through
 * write() and KGEN_CompilerRT_fprintf(), and then traps. A library that is watched prints through
 * this module instead, which keeps such words off the output, with where they came from. All else
 * passes, but for the private paths of modules ("…/mc_<hash>.mojo"), which mean nothing to anybody.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MC_WORDS_TEXT   4096
#define MC_WORDS_FRAMES 24

struct mc_words {
    char text[MC_WORDS_TEXT]; /* as they were printed ("ABORT: file:line:column: …", "At: …"), what
                                 does not fit being told at the end; empty: nothing was said */
    uint32_t length;          /* of what was kept of them */
    uint32_t kind;            /* of the text: for this module alone */
    uint64_t dropped;         /* bytes that did not fit */
    uint32_t count;
    uint64_t frames[MC_WORDS_FRAMES]; /* the artifact's calls that led here, innermost first:
                                         addresses within them, from where it is loaded */
};

/* Where the words of the calling thread go; NULL: it is in no call that could crash. */
typedef struct mc_words *mc_words_room(void);

/* As write(): how what is printed leaves the process; write() itself where nobody says. Before
 * anything is watched. */
typedef ssize_t mc_words_write(int fd, const void *bytes, size_t length);
void mc_words_write_with(mc_words_write *function);

/* The library (of dlopen) prints through this module from now on. `name`: what its own module is
 * called in what it prints, copied; NULL: it is a program, whose paths stay as they are because
 * somebody else tells them, and what its main raises counts as words, too. All libraries of a
 * process have one room. Before anybody calls anything of it; one caller at a time. */
void mc_words_watch(void *library, mc_words_room *room, const char *name);

/* Nothing was said. By the thread whose words they are. */
void mc_words_clear(struct mc_words *words);

/* Writes the name of the innermost function of the user's that the frames lie in, as "area" or
 * "Point.norm". Empty where they lie in none, or in what was generated to call it. */
void mc_words_function(const struct mc_words *words, const char *artifact, char *ret, size_t size);
