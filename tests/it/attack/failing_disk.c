/* A disk that fails: calls of the C library that concern files below the folder $DISK_BELOW fail as the file
 * $DISK_FAULT says, which holds "ERRNO FIRST WHAT" or is empty. From the FIRST such call since it was changed on, all
 * fail: those that write (WHAT is w) or those that read (WHAT is r). With ERRNO 0 they hang until the file says something
 * else; that one does is said by a file beside it, $DISK_FAULT.stalled. Loaded before the C library with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static char fault[64];
static long calls;

/* What the control file says; whether it could be read. */
static int told(const char *control, char *now, size_t size) {
    int file = (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    memset(now, 0, size);
    syscall(SYS_read, file, now, size - 1);
    syscall(SYS_close, file);
    return 1;
}

/* Hangs for as long as the control file says what it said. */
static void stall(const char *control, const char *since) {
    char path[4096], now[64];
    snprintf(path, sizeof path, "%s.stalled", control);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) syscall(SYS_close, file);
    while (told(control, now, sizeof now) && !strcmp(now, since)) usleep(10000);
}

/* Whether the call that concerns `path` is to fail; sets errno then. */
static int fails_at(const char *path, char what) {
    const char *below = getenv("DISK_BELOW"), *control = getenv("DISK_FAULT");
    if (!below || !control || strncmp(path, below, strlen(below))) return 0;
    char now[64];
    if (!told(control, now, sizeof now)) return 0;
    int number = 0, result = 0;
    long first = 0;
    char which = 0;
    pthread_mutex_lock(&one);
    if (strcmp(now, fault)) strcpy(fault, now), calls = 0;
    if (sscanf(now, "%d %ld %c", &number, &first, &which) == 3 && which == what) result = ++calls >= first;
    pthread_mutex_unlock(&one);
    if (result && !number) {
        stall(control, now);
        return 0;
    }
    if (result) errno = number;
    return result;
}

static int fails(int file, char what) {
    char link[64], path[4096] = {0};
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1) < 0) path[0] = 0;
    errno = before;
    return fails_at(path, what);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define GUARDED(type, name, what, parameters, arguments) \
    type name parameters { return fails(file, what) ? (type)-1 : NEXT(name) arguments; }

GUARDED(ssize_t, write, 'w', (int file, const void *data, size_t size), (file, data, size))
GUARDED(ssize_t, pwrite, 'w', (int file, const void *data, size_t size, off_t at), (file, data, size, at))
GUARDED(ssize_t, pwrite64, 'w', (int file, const void *data, size_t size, off64_t at), (file, data, size, at))
GUARDED(int, ftruncate, 'w', (int file, off_t size), (file, size))
GUARDED(int, ftruncate64, 'w', (int file, off64_t size), (file, size))
GUARDED(int, fallocate, 'w', (int file, int mode, off_t at, off_t size), (file, mode, at, size))
GUARDED(int, fsync, 'w', (int file), (file))
GUARDED(int, fdatasync, 'w', (int file), (file))
GUARDED(ssize_t, read, 'r', (int file, void *data, size_t size), (file, data, size))
GUARDED(ssize_t, pread, 'r', (int file, void *data, size_t size, off_t at), (file, data, size, at))
GUARDED(ssize_t, pread64, 'r', (int file, void *data, size_t size, off64_t at), (file, data, size, at))

/* A disk that can only be read cannot be opened for writing. */
static int opened(const char *path, int flags, mode_t mode) {
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
    if (writes && fails_at(path, 'w') && errno == EROFS) return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened(path, flags | O_LARGEFILE, mode);
}
