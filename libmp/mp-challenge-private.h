/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "mp-message-private.h"

G_BEGIN_DECLS

/* How two processes prove to each other that they have the same key, a step at a time, so that who
 * listens need not wait for a peer that says nothing. */
typedef enum
{
  MP_CHALLENGE_DELIVER,  /* the other side is to prove itself */
  MP_CHALLENGE_ANSWER,
  MP_CHALLENGE_SERVER,   /* deliver, then answer */
  MP_CHALLENGE_CLIENT,   /* answer, then deliver */
} MpChallengeRole;

typedef enum
{
  MP_CHALLENGE_WAITING,
  MP_CHALLENGE_DONE,
  MP_CHALLENGE_FAILED,
} MpChallengeState;

#define MP_CHALLENGE_MAX (sizeof (MpMessageHeader) + 128)

typedef struct
{
  /* Owned */
  GBytes     *authkey;

  /* Borrowed */
  const char *steps;                     /* what is still to come from the other side */
  int         fd;

  guint8      nonce[64];                 /* what was delivered */
  gsize       nonce_length;
  guint8      received[MP_CHALLENGE_MAX];
  gsize       n_received;
  gboolean    stream;
} MpChallenge;

gboolean         _mp_challenge_init   (MpChallenge     *self,
                                       MpChallengeRole  role,
                                       int              fd,
                                       GBytes          *authkey,
                                       GError         **error);
void             _mp_challenge_clear  (MpChallenge     *self);
MpChallengeState _mp_challenge_step   (MpChallenge     *self,
                                       GError         **error);
gboolean         _mp_challenge_run    (MpChallengeRole  role,
                                       int              fd,
                                       GBytes          *authkey,
                                       gint64           deadline,
                                       GError         **error);

G_END_DECLS
