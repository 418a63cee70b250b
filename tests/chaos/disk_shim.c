// A disk that fails as it is told to, between a program and the kernel: LD_PRELOAD=disk_shim.so PROGRAM
//
// Only calls on paths under CHAOS_DATA are looked at. Each is a point; they are counted from 1.
//   CHAOS_KILL=N[:before|after|torn]  SIGKILL at the Nth point: before it is carried out, after it, or (a write) in its middle
//   CHAOS_FAIL=CALL:ERRNO:N           the Nth such call, and all after it, fail; CALL: write, sync, allocate, rename, unlink
//   CHAOS_FAIL_WHILE=FILE             ... but only while FILE exists
//   CHAOS_SLOW_SYNC=MS                every flush takes so much longer: what a crash finds under way
//   CHAOS_LOG=FILE                    writes down every point, and in FILE.data what was there before: powercut.py undoes
//                                     from these what was not flushed yet, as a power cut does with the page cache
//
// A line of the log: W path offset size old-size data-offset | T path old-size new-size data-offset | S path (flushed) |
// C path (created) | R from to | U path backup | D folder (flushed) | E path call (made to fail). The order is that of the
// disk; in front of each stands the thread that did it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1, data_file = -1;
static off_t data_size = 0;
static long points = 0, backups = 0, calls[5];
enum call { WRITE, SYNC, ALLOCATE, RENAME, UNLINK };
static const char* const names[] = {"write", "sync", "allocate", "rename", "unlink"};

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("CHAOS_LOG");
  if (path == NULL) return;
  char data[4200];
  snprintf(data, sizeof data, "%s.data", path);
  log_file = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  data_file = REAL(open)(data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  data_size = lseek(data_file, 0, SEEK_END);
}

static int ours(const char* path) {
  const char* root = getenv("CHAOS_DATA");
  return root != NULL && strncmp(path, root, strlen(root)) == 0;
}

static int ours_fd(int fd, char* path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, size - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  return ours(path);
}

static void say(const char* format, ...) {
  if (log_file < 0) return;
  char line[9000];
  va_list arguments;
  va_start(arguments, format);
  int n = snprintf(line, sizeof line, "%ld\t", (long)gettid());
  n += vsnprintf(line + n, sizeof line - (size_t)n, format, arguments);
  va_end(arguments);
  if (REAL(write)(log_file, line, (size_t)n) != n) abort();
}

// Keeps what is at [offset, offset + size) of fd; where in FILE.data.
static off_t keep(int fd, off_t offset, off_t size) {
  const off_t at = data_size;
  char buffer[65536];
  while (log_file >= 0 && size > 0) {
    const ssize_t n = pread(fd, buffer, size < (off_t)sizeof buffer ? (size_t)size : sizeof buffer, offset);
    if (n <= 0) break;
    if (REAL(write)(data_file, buffer, (size_t)n) != n) abort();
    offset += n;
    size -= n;
    data_size += n;
  }
  return at;
}

static off_t size_of(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_size : 0;
}

static const char* kill_here(void) {
  const char* wanted = getenv("CHAOS_KILL");
  if (wanted == NULL || atol(wanted) != points) return "";
  const char* how = strchr(wanted, ':');
  return how == NULL ? "before" : how + 1;
}

static void die(void) {
  REAL(kill)(getpid(), SIGKILL);
  for (;;) pause();
}

static int errno_named(const char* name, size_t n) {
  static const struct {
    const char* name;
    int number;
  } known[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}};
  for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
    if (strlen(known[i].name) == n && strncmp(known[i].name, name, n) == 0) return known[i].number;
  }
  abort();
}

// The errno that this call must fail with; 0: none.
static int failure(enum call call) {
  const long number = ++calls[call];
  const char* wanted = getenv("CHAOS_FAIL");
  const char* only_while = getenv("CHAOS_FAIL_WHILE");
  if (wanted == NULL || (only_while != NULL && access(only_while, F_OK) != 0)) return 0;
  const char* error = strchr(wanted, ':');
  if (error == NULL || strlen(names[call]) != (size_t)(error - wanted) ||
      strncmp(wanted, names[call], strlen(names[call])) != 0) {
    return 0;
  }
  const char* from = strchr(error + 1, ':');
  if (from == NULL || number < atol(from + 1)) return 0;
  return errno_named(error + 1, (size_t)(from - error - 1));
}

// One point: counts it, lets it die or fail as asked, carries it out. `log` runs before, `done` is the call itself.
#define POINT(call, where, log_statement, result_type, call_expression, failed_value) \
  pthread_mutex_lock(&lock);                                                          \
  ++points;                                                                           \
  const char* how = kill_here();                                                      \
  if (strcmp(how, "before") == 0) die();                                              \
  const int failed = failure(call);                                                   \
  result_type result = (failed_value);                                                \
  if (failed != 0) {                                                                  \
    say("E\t%s\t%s\n", where, names[call]);                                           \
    errno = failed;                                                                   \
  } else {                                                                            \
    log_statement;                                                                    \
    result = (call_expression);                                                       \
  }                                                                                   \
  if (*how != 0) die();                                                               \
  const int kept = errno;                                                             \
  pthread_mutex_unlock(&lock);                                                        \
  errno = kept;

static size_t torn(size_t size) { return strcmp(kill_here(), "torn") == 0 ? size / 2 : size; }

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  char path[4096];
  if (!ours_fd(fd, path, sizeof path)) return REAL(pwrite)(fd, bytes, size, offset);
  POINT(WRITE, path,
        say("W\t%s\t%lld\t%zu\t%lld\t%lld\n", path, (long long)offset, size, (long long)size_of(fd),
            (long long)keep(fd, offset, (off_t)size)),
        ssize_t, REAL(pwrite)(fd, bytes, torn(size), offset), -1)
  return result;
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) { return pwrite(fd, bytes, size, offset); }

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
  char path[4096];
  if (!ours_fd(fd, path, sizeof path)) return REAL(pwritev)(fd, parts, count, offset);
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  POINT(WRITE, path,
        say("W\t%s\t%lld\t%zu\t%lld\t%lld\n", path, (long long)offset, size, (long long)size_of(fd),
            (long long)keep(fd, offset, (off_t)size)),
        ssize_t, REAL(pwritev)(fd, parts, strcmp(kill_here(), "torn") == 0 ? (count + 1) / 2 : count, offset), -1)
  return result;
}
ssize_t pwritev64(int fd, const struct iovec* parts, int count, off64_t offset) {
  return pwritev(fd, parts, count, offset);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  char path[4096];
  if (!ours_fd(fd, path, sizeof path)) return REAL(write)(fd, bytes, size);
  const off_t offset = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
  POINT(WRITE, path,
        say("W\t%s\t%lld\t%zu\t%lld\t%lld\n", path, (long long)offset, size, (long long)size_of(fd),
            (long long)keep(fd, offset, (off_t)size)),
        ssize_t, REAL(write)(fd, bytes, torn(size)), -1)
  return result;
}

// Under the lock, as the flush itself: no other thread's failure comes in between.
static int flush_and_say(int fd, int (*flush)(int), char kind, const char* path) {
  const int result = flush(fd);
  if (result == 0) say("%c\t%s\n", kind, path);
  return result;
}

static int flushed(int fd, int (*flush)(int)) {
  char path[4096];
  if (!ours_fd(fd, path, sizeof path)) return flush(fd);
  struct stat status;
  fstat(fd, &status);
  const char* slow = getenv("CHAOS_SLOW_SYNC");
  if (slow != NULL) usleep((useconds_t)atol(slow) * 1000);
  POINT(SYNC, path, (void)0, int, flush_and_say(fd, flush, S_ISDIR(status.st_mode) ? 'D' : 'S', path), -1)
  return result;
}
int fdatasync(int fd) { return flushed(fd, REAL(fdatasync)); }
int fsync(int fd) { return flushed(fd, REAL(fsync)); }

int posix_fallocate(int fd, off_t offset, off_t size) {
  char path[4096];
  if (!ours_fd(fd, path, sizeof path)) return REAL(posix_fallocate)(fd, offset, size);
  const off_t before = size_of(fd);
  POINT(ALLOCATE, path,
        say("T\t%s\t%lld\t%lld\t%lld\n", path, (long long)before,
            (long long)(before > offset + size ? before : offset + size), 0LL),
        int, REAL(posix_fallocate)(fd, offset, size), failed)
  return result;
}
int posix_fallocate64(int fd, off64_t offset, off64_t size) { return posix_fallocate(fd, offset, size); }

int ftruncate(int fd, off_t size) {
  char path[4096];
  if (!ours_fd(fd, path, sizeof path)) return REAL(ftruncate)(fd, size);
  const off_t before = size_of(fd);
  POINT(ALLOCATE, path,
        say("T\t%s\t%lld\t%lld\t%lld\n", path, (long long)before, (long long)size,
            (long long)keep(fd, size, before > size ? before - size : 0)),
        int, REAL(ftruncate)(fd, size), -1)
  return result;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

// A second name beside the log keeps the file that is about to lose its own.
static const char* backup(const char* path, char* name, size_t size) {
  if (log_file < 0 || access(path, F_OK) != 0) return "-";
  snprintf(name, size, "%s.backup%ld", getenv("CHAOS_LOG"), backups++);
  REAL(unlink)(name);
  return link(path, name) == 0 ? name : "-";
}

int rename(const char* from, const char* to) {
  if (!ours(from) && !ours(to)) return REAL(rename)(from, to);
  char name[4200];
  POINT(RENAME, from, say("R\t%s\t%s\t%s\n", from, to, backup(to, name, sizeof name)), int, REAL(rename)(from, to), -1)
  return result;
}

int unlink(const char* path) {
  if (!ours(path)) return REAL(unlink)(path);
  char name[4200];
  POINT(UNLINK, path, say("U\t%s\t%s\n", path, backup(path, name, sizeof name)), int, REAL(unlink)(path), -1)
  return result;
}

int remove(const char* path) {
  struct stat status;
  if (ours(path) && lstat(path, &status) == 0 && !S_ISDIR(status.st_mode)) return unlink(path);
  return REAL(remove)(path);
}

static int created(const char* path, int flags, int there, int fd) {
  if (fd >= 0 && (flags & O_CREAT) != 0 && !there && ours(path)) {
    pthread_mutex_lock(&lock);
    say("C\t%s\n", path);
    pthread_mutex_unlock(&lock);
  }
  return fd;
}
#define OPEN(name)                                                     \
  int name(const char* path, int flags, ...) {                         \
    va_list arguments;                                                 \
    va_start(arguments, flags);                                        \
    const mode_t mode = (mode_t)va_arg(arguments, int);                \
    va_end(arguments);                                                 \
    const int there = access(path, F_OK) == 0;                         \
    return created(path, flags, there, REAL(name)(path, flags, mode)); \
  }
OPEN(open)
OPEN(open64)
