/* Stands for the Mojo runtime library in a fake toolchain. */
void KGEN_CompilerRT_SetArgV(int argc, char **argv);
__attribute__((visibility("default"))) void KGEN_CompilerRT_SetArgV(int argc, char **argv)
{
    (void) argc;
    (void) argv;
}
