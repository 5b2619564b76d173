/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "mp-socket-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"

#define BACKLOG 128

/* Seconds. A host that has vanished without a word is noticed after less than two minutes. */
#define KEEPALIVE_IDLE 60
#define KEEPALIVE_INTERVAL 10
#define KEEPALIVE_PROBES 5
#define VANISHED_AFTER (KEEPALIVE_IDLE + KEEPALIVE_INTERVAL * KEEPALIVE_PROBES)

typedef union
{
  struct sockaddr     any;
  struct sockaddr_un  local;
  struct sockaddr_in  inet;
} Address;

static gboolean
fail (GError     **error,
      const char  *what,
      const char  *address,
      const char  *why)
{
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not %s “%s”: %s", what, address, why);
  return FALSE;
}

static gboolean
is_local (const char *text)
{
  return *text == '@' || strchr (text, '/') != NULL;
}

static gboolean
parse_local (const char  *text,
             Address     *address,
             socklen_t   *length,
             GError     **error)
{
  gsize size = strlen (text);

  if (size >= sizeof address->local.sun_path)
    return fail (error, "use the address", text, "it is too long");
  if (g_str_equal (text, "@"))
    return fail (error, "use the address", text, "there is no name behind the “@”");

  memcpy (address->local.sun_path, text, size + 1);
  address->local.sun_family = AF_UNIX;
  *length = offsetof (struct sockaddr_un, sun_path) + size + 1;
  if (*text == '@')
    {
      address->local.sun_path[0] = '\0';
      *length -= 1;
    }
  return TRUE;
}

static gboolean
parse_inet (const char  *text,
            Address     *address,
            socklen_t   *length,
            GError     **error)
{
  const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
  const char *colon = strrchr (text, ':');
  g_autofree char *host = colon != NULL ? g_strndup (text, colon - text) : NULL;
  struct addrinfo *found = NULL;
  guint64 port;
  int result;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    return fail (error, "use the address", text,
                 "expected HOST:PORT, the path of a socket with a “/”, or “@” and a name");
  result = getaddrinfo (*host != '\0' ? host : "127.0.0.1", NULL, &hints, &found);
  if (result != 0)
    return fail (error, "find", text, gai_strerror (result));

  memcpy (&address->inet, found->ai_addr, sizeof address->inet);
  freeaddrinfo (found);
  address->inet.sin_port = htons (port);
  *length = sizeof address->inet;
  return TRUE;
}

static gboolean
parse (const char  *text,
       Address     *address,
       socklen_t   *length,
       GError     **error)
{
  memset (address, 0, sizeof *address);
  return (is_local (text) ? parse_local : parse_inet) (text, address, length, error);
}

static char *
format (const Address *address,
        socklen_t      length)
{
  char text[INET_ADDRSTRLEN];

  if (address->any.sa_family == AF_INET)
    {
      inet_ntop (AF_INET, &address->inet.sin_addr, text, sizeof text);
      return g_strdup_printf ("%s:%u", text, ntohs (address->inet.sin_port));
    }
  if (length <= offsetof (struct sockaddr_un, sun_path))
    return g_strdup ("");
  return address->local.sun_path[0] != '\0'
           ? g_strdup (address->local.sun_path)
           : g_strdup_printf ("@%.*s",
                              (int) (length - offsetof (struct sockaddr_un, sun_path) - 1),
                              address->local.sun_path + 1);
}

/* A name that is in no folder, so that nothing can be left of it. */
static char *
random_name (void)
{
  guint64 random[2] = { 0 };

  while (getrandom (random, sizeof random, 0) < 0 && errno == EINTR)
    ;
  return g_strdup_printf ("@mp-%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                          random[0], random[1]);
}

static void
set_up_stream (int fd)
{
  static const struct { int level, name, value; } options[] = {
    { IPPROTO_TCP, TCP_NODELAY, 1 },   /* small messages are waited for */
    { SOL_SOCKET, SO_KEEPALIVE, 1 },
    { IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE },
    { IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL },
    { IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
    { IPPROTO_TCP, TCP_USER_TIMEOUT, VANISHED_AFTER * 1000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    setsockopt (fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

static int
open_socket (const Address *address)
{
  int type = address->any.sa_family == AF_UNIX ? SOCK_SEQPACKET : SOCK_STREAM;
  int fd = _mp_fd_above_standard (socket (address->any.sa_family, type | SOCK_CLOEXEC, 0));

  if (type == SOCK_STREAM)
    set_up_stream (fd);
  return fd;
}

static gboolean
bind_and_listen (int            fd,
                 const Address *address,
                 socklen_t      length)
{
  const int one = 1;

  if (address->any.sa_family == AF_INET)
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  else
    fchmod (fd, S_IRUSR | S_IWUSR);
  return bind (fd, &address->any, length) == 0 && listen (fd, BACKLOG) == 0;
}

/* Returns a socket that does not wait. @bound: (out): where it listens */
int
_mp_socket_listen (const char  *address,
                   char       **bound,
                   GError     **error)
{
  g_autofree char *name = address == NULL ? random_name () : g_strdup (address);
  mp_autofd int fd = -1;
  socklen_t length;
  Address parsed;

  if (!parse (name, &parsed, &length, error))
    return -1;
  fd = open_socket (&parsed);
  if (fd < 0 || !bind_and_listen (fd, &parsed, length)
      || fcntl (fd, F_SETFL, O_NONBLOCK) < 0)
    {
      fail (error, "listen at", name, g_strerror (errno));
      return -1;
    }

  length = sizeof parsed;
  getsockname (fd, &parsed.any, &length);
  *bound = is_local (name) ? g_steal_pointer (&name) : format (&parsed, length);
  return g_steal_fd (&fd);
}

/* Returns a socket that waits, or -1 with errno. @peer: (out): where it comes from, "" if nobody
 * can tell */
int
_mp_socket_accept (int    listener,
                   char **peer)
{
  Address address = { 0 };
  socklen_t length = sizeof address;
  int fd = _mp_fd_above_standard (accept4 (listener, &address.any, &length, SOCK_CLOEXEC));

  if (fd < 0)
    return -1;
  if (address.any.sa_family == AF_INET)
    set_up_stream (fd);
  *peer = format (&address, length);
  return fd;
}

/* connect() keeps to this time when it sends, too. */
static void
set_send_timeout (int    fd,
                  gint64 deadline)
{
  struct timeval rest = { 0 };

  if (deadline >= 0)
    {
      gint64 left = MAX (deadline - g_get_monotonic_time (), 1000);

      rest.tv_sec = left / G_USEC_PER_SEC;
      rest.tv_usec = left % G_USEC_PER_SEC;
    }
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &rest, sizeof rest);
}

static gboolean
set_connect_error (const char  *address,
                   GError     **error)
{
  if (errno == EAGAIN || errno == EINPROGRESS || errno == ETIMEDOUT)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_TIMEOUT,
                   "Nobody has answered at “%s” in time", address);
      return FALSE;
    }
  g_set_error (error, MP_ERROR,
               errno == ENOENT || errno == ECONNREFUSED ? MP_ERROR_NOT_FOUND : MP_ERROR_FAILED,
               "Could not connect to “%s”: %s", address, g_strerror (errno));
  return FALSE;
}

int
_mp_socket_connect (const char  *address,
                    gint64       deadline,
                    GError     **error)
{
  mp_autofd int fd = -1;
  socklen_t length;
  Address parsed;
  int result;

  if (!parse (address, &parsed, &length, error))
    return -1;
  fd = open_socket (&parsed);
  if (fd < 0)
    {
      fail (error, "connect to", address, g_strerror (errno));
      return -1;
    }

  do
    {
      set_send_timeout (fd, deadline);
      result = connect (fd, &parsed.any, length);
    }
  while (result < 0 && errno == EINTR);
  if (result < 0 && errno != EISCONN)
    {
      set_connect_error (address, error);
      return -1;
    }
  set_send_timeout (fd, -1);
  return g_steal_fd (&fd);
}

/* Returns: (transfer full): the same address without a name that would have to be looked up: as a
 * listener there writes it */
char *
_mp_socket_resolve (const char  *address,
                    GError     **error)
{
  socklen_t length;
  Address parsed;

  if (!parse (address, &parsed, &length, error))
    return NULL;
  return is_local (address) ? g_strdup (address) : format (&parsed, length);
}

/* Whether the other side is this user, or may do everything anyway. Of a network nobody knows. */
gboolean
_mp_socket_same_user (int socket)
{
  struct ucred peer = { .uid = (uid_t) -1 };
  Address own;
  socklen_t length = sizeof own;

  if (getsockname (socket, &own.any, &length) < 0 || own.any.sa_family != AF_UNIX)
    return TRUE;
  length = sizeof peer;
  return getsockopt (socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0
         && (peer.uid == geteuid () || peer.uid == 0);
}
