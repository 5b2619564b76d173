/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-arena-private.h"

G_BEGIN_DECLS

/* Larger than this, a value is refused rather than copied around. */
#define MP_MAX_PAYLOAD ((gsize) 1 << 30)

gboolean  _mp_payload_is_scalar     (guint8            type);
gsize     _mp_payload_scalar_size   (guint8            type);
gboolean  _mp_payload_pack_scalar   (GVariant         *variant,
                                     MpPayload        *value);
GVariant *_mp_payload_unpack_scalar (const MpPayload  *value);
gsize     _mp_payload_size          (GVariant         *variant);
void      _mp_payload_store         (GVariant         *variant,
                                     guint64           offset,
                                     guint8           *at,
                                     MpPayload        *value);
GVariant *_mp_payload_decode        (guint8            type,
                                     guint8           *block,
                                     gsize             size,
                                     gsize             length,
                                     GArray           *fds,
                                     GError          **error);
GVariant *_mp_payload_load          (MpRange           range,
                                     const MpPayload  *value,
                                     GArray           *fds,
                                     GError          **error);
GArray   *_mp_payload_collect_fds   (GVariant         *variant,
                                     GError          **error);

GVariant *_mp_error_to_variant      (const GError     *error);
GError   *_mp_error_from_variant    (GVariant         *variant,
                                     const char       *process);

G_END_DECLS
