/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>

#include "mp-process-private.h"

#include "mp-image-private.h"
#include "mp-preparation-private.h"

gboolean
_mp_start_spawn (MpProcess  *self,
                 MpStarted  *started,
                 GError    **error)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  fflush (NULL);
  return _mp_image_start (MP_IMAGE_PROCESS, _mp_preparation_new (self), priv->death_signal,
                          priv->ignored_signal, started, error);
}
