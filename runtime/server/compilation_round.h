/* The rounds of a compilation: the compiler's first, and others after repairs, without thunks that
 * do not compile, or without optimization. */
#pragma once

struct mc_compilation;
struct mc_compiler;

/* The first round. */
void mc_compilation_start(struct mc_compilation *compilation);

/* The compiler of a round has ended with this status of wait; its owner is the compilation. Another
 * round begins, or the compilation ends. */
void mc_compilation_on_compiler(struct mc_compiler *compiler, int status);
