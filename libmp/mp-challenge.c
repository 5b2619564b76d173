/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "mp-challenge-private.h"

#include "mp-connection.h"
#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-listener.h"
#include "mp-poll-private.h"

#define CHALLENGE    "#CHALLENGE#"
#define WELCOME      "#WELCOME#"
#define FAILURE      "#FAILURE#"
#define DIGEST_NAME  "{sha256}"
#define NONCE_LENGTH 40
#define DIGEST_SIZE  32

/* What a side receives: the other's digest, a challenge, a welcome. */
static const char *const steps_of_role[] = {
  [MP_CHALLENGE_DELIVER] = "d",
  [MP_CHALLENGE_ANSWER] = "cw",
  [MP_CHALLENGE_SERVER] = "dcw",
  [MP_CHALLENGE_CLIENT] = "cwd",
};

static gboolean
refuse (GError     **error,
        const char  *message)
{
  g_set_error_literal (error, MP_ERROR, MP_ERROR_AUTHENTICATION, message);
  return FALSE;
}

static gboolean
set_lost (GError **error)
{
  g_set_error_literal (error, MP_ERROR, MP_ERROR_EOF,
                       "The other side went away before it was known");
  return FALSE;
}

/* So little that there is always room for it. */
static gboolean
say (MpChallenge    *self,
     gconstpointer   data,
     gsize           size,
     GError        **error)
{
  MpMessageHeader header = { .kind = MP_MESSAGE_BYTES, .size = size };
  guint8 packet[MP_CHALLENGE_MAX];

  g_assert (sizeof header + size <= sizeof packet);

  memcpy (packet, &header, sizeof header);
  memcpy (packet + sizeof header, data, size);
  size += sizeof header;
  return send (self->fd, packet, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (gssize) size
         || set_lost (error);
}

static void
compute_digest (GBytes        *authkey,
                gconstpointer  message,
                gsize          length,
                guint8         digest[DIGEST_SIZE])
{
  gsize key_length, digest_length = DIGEST_SIZE;
  const guint8 *key = g_bytes_get_data (authkey, &key_length);
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, key, key_length);

  g_hmac_update (hmac, message, length);
  g_hmac_get_digest (hmac, digest, &digest_length);
  g_hmac_unref (hmac);
}

/* Takes the same time whatever differs. */
static gboolean
are_equal (const guint8 *a,
           const guint8 *b,
           gsize         length)
{
  volatile guint8 difference = 0;

  for (gsize i = 0; i < length; i++)
    difference |= a[i] ^ b[i];
  return difference == 0;
}

static gboolean
deliver (MpChallenge  *self,
         GError      **error)
{
  const gsize prefix = strlen (CHALLENGE);
  guint8 message[sizeof self->nonce + 16];

  memcpy (self->nonce, DIGEST_NAME, strlen (DIGEST_NAME));
  self->nonce_length = strlen (DIGEST_NAME) + NONCE_LENGTH;
  if (getrandom (self->nonce + strlen (DIGEST_NAME), NONCE_LENGTH, 0) != NONCE_LENGTH)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not get random bytes: %s",
                   g_strerror (errno));
      return FALSE;
    }
  memcpy (message, CHALLENGE, prefix);
  memcpy (message + prefix, self->nonce, self->nonce_length);
  return say (self, message, prefix + self->nonce_length, error);
}

static gboolean
begin_step (MpChallenge  *self,
            GError      **error)
{
  return *self->steps != 'd' || deliver (self, error);
}

static gboolean
check_digest (MpChallenge   *self,
              const guint8  *data,
              gsize          size,
              GError       **error)
{
  const gsize prefix = strlen (DIGEST_NAME);
  guint8 digest[DIGEST_SIZE];

  compute_digest (self->authkey, self->nonce, self->nonce_length, digest);
  if (size == prefix + DIGEST_SIZE && memcmp (data, DIGEST_NAME, prefix) == 0
      && are_equal (data + prefix, digest, DIGEST_SIZE))
    return say (self, WELCOME, strlen (WELCOME), error);

  say (self, FAILURE, strlen (FAILURE), NULL);
  return refuse (error, "digest received was wrong");
}

static gboolean
answer (MpChallenge   *self,
        const guint8  *data,
        gsize          size,
        GError       **error)
{
  const gsize prefix = strlen (CHALLENGE), name = strlen (DIGEST_NAME);
  guint8 message[sizeof DIGEST_NAME + DIGEST_SIZE] = DIGEST_NAME;

  /* An empty nonce would be one that was answered before. */
  if (size != prefix + name + NONCE_LENGTH || memcmp (data, CHALLENGE DIGEST_NAME, prefix + name))
    return refuse (error, "What arrived is not a challenge");

  compute_digest (self->authkey, data + prefix, size - prefix, message + name);
  return say (self, message, name + DIGEST_SIZE, error);
}

static gboolean
take_message (MpChallenge   *self,
              const guint8  *data,
              gsize          size,
              GError       **error)
{
  switch (*self->steps++)
    {
    case 'd':
      return check_digest (self, data, size, error);
    case 'c':
      return answer (self, data, size, error);
    default:
      return (size == strlen (WELCOME) && memcmp (data, WELCOME, size) == 0)
             || refuse (error, "digest sent was rejected");
    }
}

/* How long the message is that has begun to arrive, as far as one can see. */
static gsize
wanted (MpChallenge *self)
{
  MpMessageHeader header;

  if (!self->stream)
    return sizeof self->received;
  if (self->n_received < sizeof header)
    return sizeof header;
  memcpy (&header, self->received, sizeof header);
  return sizeof header + MIN ((gsize) header.size, sizeof self->received);
}

/* Reads what is there of the next message and nothing behind it, and no descriptors. */
static MpChallengeState
read_message (MpChallenge  *self,
              GError      **error)
{
  MpMessageHeader header;

  do
    {
      gsize room = wanted (self) - self->n_received;
      gssize n = recv (self->fd, self->received + self->n_received, room, MSG_DONTWAIT);

      if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return MP_CHALLENGE_WAITING;
      if (n <= 0)
        {
          set_lost (error);
          return MP_CHALLENGE_FAILED;
        }
      self->n_received += n;
      if (self->n_received < sizeof header && !self->stream)
        break;
      if (self->n_received >= sizeof header)
        {
          memcpy (&header, self->received, sizeof header);
          if (header.kind != MP_MESSAGE_BYTES || header.in_memory != 0 || header.type_length != 0
              || header.size > sizeof self->received - sizeof header)
            break;
          if (self->n_received == sizeof header + header.size)
            return MP_CHALLENGE_DONE;
        }
    }
  while (self->stream);

  refuse (error, "What arrived is no part of a challenge");
  return MP_CHALLENGE_FAILED;
}

/* @authkey: (nullable): without one there is nothing to prove */
gboolean
_mp_challenge_init (MpChallenge      *self,
                    MpChallengeRole   role,
                    int               fd,
                    GBytes           *authkey,
                    GError          **error)
{
  int type = SOCK_STREAM;

  getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t) { sizeof type });
  *self = (MpChallenge) {
    .authkey = authkey != NULL ? g_bytes_ref (authkey) : NULL,
    .steps = authkey != NULL ? steps_of_role[role] : "",
    .fd = fd,
    .stream = type == SOCK_STREAM,
  };
  return begin_step (self, error);
}

void
_mp_challenge_clear (MpChallenge *self)
{
  g_clear_pointer (&self->authkey, g_bytes_unref);
}

/* Goes as far as it can without waiting. */
MpChallengeState
_mp_challenge_step (MpChallenge  *self,
                    GError      **error)
{
  while (*self->steps != '\0')
    {
      MpChallengeState state = read_message (self, error);
      gsize size = self->n_received - sizeof (MpMessageHeader);

      if (state != MP_CHALLENGE_DONE)
        return state;
      self->n_received = 0;
      if (!take_message (self, self->received + sizeof (MpMessageHeader), size, error)
          || !begin_step (self, error))
        return MP_CHALLENGE_FAILED;
    }
  return MP_CHALLENGE_DONE;
}

/* All of it. */
gboolean
_mp_challenge_run (MpChallengeRole   role,
                   int               fd,
                   GBytes           *authkey,
                   gint64            deadline,
                   GError          **error)
{
  struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
  MpChallengeState state = MP_CHALLENGE_FAILED;
  MpChallenge challenge;

  if (_mp_challenge_init (&challenge, role, fd, authkey, error))
    {
      while ((state = _mp_challenge_step (&challenge, error)) == MP_CHALLENGE_WAITING
             && _mp_poll_until (&poll_fd, deadline))
        ;
    }
  _mp_challenge_clear (&challenge);
  if (state == MP_CHALLENGE_WAITING)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_TIMEOUT,
                         "The other side did not prove in time that it has the key");
  return state == MP_CHALLENGE_DONE;
}

static gboolean
run_on_connection (MpConnection     *connection,
                   MpChallengeRole   role,
                   GBytes           *authkey,
                   gint64            timeout,
                   GError          **error)
{
  int fd = mp_connection_get_fd (connection);

  if (fd >= 0)
    return _mp_challenge_run (role, fd, authkey, _mp_deadline_of_timeout (timeout), error);

  g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED, "handle is closed");
  return FALSE;
}

/**
 * mp_deliver_challenge:
 * @connection: a connection that can send and receive
 * @authkey: the key
 * @timeout: how long the other side may take, in microseconds, -1 for ever
 * @error: return location for an error
 *
 * Has the other side prove that it knows @authkey, without its being sent: it has to answer random
 * bytes with their HMAC-SHA256 by mp_answer_challenge(). The messages are those of Python 3.12.
 * [class@Listener] and mp_client() do this, both ways, when they are given a key.
 *
 * Returns: %FALSE with %MP_ERROR_AUTHENTICATION if it does not; %MP_ERROR_TIMEOUT if it says
 *   nothing; %MP_ERROR_EOF if it goes away; %MP_ERROR_CLOSED if the connection is closed
 */
gboolean
mp_deliver_challenge (MpConnection  *connection,
                      GBytes        *authkey,
                      gint64         timeout,
                      GError       **error)
{
  g_return_val_if_fail (MP_IS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (authkey != NULL, FALSE);

  return run_on_connection (connection, MP_CHALLENGE_DELIVER, authkey, timeout, error);
}

/**
 * mp_answer_challenge:
 * @connection: a connection that can send and receive
 * @authkey: the key
 * @timeout: how long the other side may take, in microseconds, -1 for ever
 * @error: return location for an error
 *
 * Proves to the other side, which calls mp_deliver_challenge(), that this one knows @authkey.
 *
 * Returns: %FALSE with %MP_ERROR_AUTHENTICATION if the other side does not believe it, or asks for
 *   something else; otherwise as mp_deliver_challenge() fails
 */
gboolean
mp_answer_challenge (MpConnection  *connection,
                     GBytes        *authkey,
                     gint64         timeout,
                     GError       **error)
{
  g_return_val_if_fail (MP_IS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (authkey != NULL, FALSE);

  return run_on_connection (connection, MP_CHALLENGE_ANSWER, authkey, timeout, error);
}
