/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gm-builtins.h"

#define READ_SIZE (256 * 1024)

/* The sieve's window: it stays in the cache, and memory stays small whatever the limit. */
#define SIEVE_WINDOW (128 * 1024)
#define MAX_PRIMES_LIMIT G_GINT64_CONSTANT (1000000000000)

static gboolean
expect (GVariant    *item,
        const char  *type,
        const char  *function,
        const char  *what,
        GError     **error)
{
  if (g_variant_is_of_type (item, G_VARIANT_TYPE (type)))
    return TRUE;

  g_autofree char *text = g_variant_print (item, FALSE);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s needs %s, got %.200s", function,
               what, text);
  return FALSE;
}

static GVariant *
square (GVariant  *item,
        GError   **error)
{
  gint64 n, result;

  if (!expect (item, "x", "square", "an integer", error))
    return NULL;
  n = g_variant_get_int64 (item);
  if (__builtin_mul_overflow (n, n, &result))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "the square of %" G_GINT64_FORMAT " does not fit into 64 bits", n);
      return NULL;
    }
  return g_variant_new_int64 (result);
}

/* Named so because sleep() exists. */
static GVariant *
builtin_sleep (GVariant  *item,
               GError   **error)
{
  gboolean is_integer = g_variant_is_of_type (item, G_VARIANT_TYPE_INT64);
  double seconds;
  struct timespec rest;

  if (!is_integer && !expect (item, "d", "sleep", "a number of seconds", error))
    return NULL;
  seconds = is_integer ? (double) g_variant_get_int64 (item) : g_variant_get_double (item);
  if (!(seconds >= 0 && seconds <= G_MAXINT32))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "sleep needs 0 to %d seconds, got %g", G_MAXINT32, seconds);
      return NULL;
    }
  rest.tv_sec = (time_t) seconds;
  rest.tv_nsec = (long) ((seconds - floor (seconds)) * 1e9);
  while (nanosleep (&rest, &rest) < 0 && errno == EINTR)
    ;
  return g_variant_ref (item);
}

static GVariant *
sha256 (GVariant  *item,
        GError   **error)
{
  g_autoptr(GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = NULL;
  const char *path;
  gssize n = 0;
  int fd;

  if (!expect (item, "s", "sha256", "the path of a file", error))
    return NULL;
  path = g_variant_get_string (item, NULL);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0)
    {
      buffer = g_malloc (READ_SIZE);
      while ((n = read (fd, buffer, READ_SIZE)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
          g_checksum_update (checksum, buffer, n);
    }
  if (fd < 0 || n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "Could not read “%s”: %s", path, g_strerror (saved_errno));
    }
  if (fd >= 0)
    close (fd);
  return fd < 0 || n < 0 ? NULL : g_variant_new_string (g_checksum_get_string (checksum));
}

/* The odd primes up to @limit, each as itself. */
static GArray *
small_primes (guint32 limit)
{
  GArray *primes = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autofree guint8 *composite = g_malloc0 (limit + 1);

  for (guint64 i = 3; i <= limit; i += 2)
    {
      guint32 prime = i;

      if (composite[i])
        continue;
      g_array_append_val (primes, prime);
      for (guint64 j = i * i; j <= limit; j += 2 * i)
        composite[j] = 1;
    }
  return primes;
}

/* A segmented sieve over the odd numbers: honest work that grows as n log log n. */
static gint64
count_odd_primes (guint64 n)
{
  g_autoptr(GArray) primes = small_primes ((guint32) sqrt ((double) n) + 1);
  g_autofree guint64 *next = g_new (guint64, primes->len);
  g_autofree guint8 *composite = g_malloc (SIEVE_WINDOW);
  gint64 count = 0;

  for (guint i = 0; i < primes->len; i++)
    next[i] = (guint64) g_array_index (primes, guint32, i) * g_array_index (primes, guint32, i);
  /* composite[k] is about the number low + 2 k. */
  for (guint64 low = 3; low <= n; low += 2 * SIEVE_WINDOW)
    {
      guint64 end = MIN (low + 2 * SIEVE_WINDOW, n + 1);

      memset (composite, 0, SIEVE_WINDOW);
      for (guint i = 0; i < primes->len; i++)
        {
          guint64 step = 2 * (guint64) g_array_index (primes, guint32, i);
          guint64 at = next[i];

          for (; at < end; at += step)
            composite[(at - low) / 2] = 1;
          next[i] = at;
        }
      for (guint64 at = low; at < end; at += 2)
        count += !composite[(at - low) / 2];
    }
  return count;
}

static GVariant *
count_primes (GVariant  *item,
              GError   **error)
{
  gint64 n;

  if (!expect (item, "x", "count_primes", "an integer", error))
    return NULL;
  n = g_variant_get_int64 (item);
  if (n > MAX_PRIMES_LIMIT)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "count_primes goes up to %" G_GINT64_FORMAT ", got %" G_GINT64_FORMAT,
                   MAX_PRIMES_LIMIT, n);
      return NULL;
    }
  return g_variant_new_int64 (n < 2 ? 0 : 1 + count_odd_primes (n));
}

static GVariant *
echo (GVariant  *item,
      GError   **error)
{
  return g_variant_ref (item);
}

/**
 * gm_builtin_lookup:
 * @name: what stands after `builtin:`
 *
 * Returns: (nullable): the function
 */
GmFunction
gm_builtin_lookup (const char *name)
{
  static const struct { const char *name; GmFunction function; } builtins[] = {
    { "square", square },
    { "sleep", builtin_sleep },
    { "sha256", sha256 },
    { "count_primes", count_primes },
    { "echo", echo },
  };

  for (guint i = 0; i < G_N_ELEMENTS (builtins); i++)
    if (g_str_equal (builtins[i].name, name))
      return builtins[i].function;
  return NULL;
}
