/* What an artifact calls of others, by name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* `words` has a space behind each of them. */
bool mc_calls_among(const char *words, const char *name, size_t length);

/* It comes back, keeps nothing, and leaves nothing half done where a call of it is left by a jump.
 */
bool mc_calls_harmless(const char *name);

/* Whether the library writes to its streams by write() and KGEN_CompilerRT_fprintf() alone, which
 * can be led elsewhere (words.h), and calls nothing that could do it as well: another library, the
 * C library's own streams, a child. */
bool mc_calls_print_alone(const char *library);
