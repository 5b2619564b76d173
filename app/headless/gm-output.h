/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GmOutput GmOutput;

typedef enum
{
  GM_OUTPUT_ROOM,    /* it was full and is so no longer */
  GM_OUTPUT_CLOSED,  /* nobody reads any more */
  GM_OUTPUT_FAILED,  /* it can't be written: gm_output_get_errno() */
} GmOutputEvent;

typedef void (*GmOutputFunc) (GmOutput      *self,
                              GmOutputEvent  event,
                              gpointer       user_data);

GmOutput *gm_output_new         (int            fd,
                                 GmOutputFunc   func,
                                 gpointer       user_data);
void      gm_output_free        (GmOutput      *self);
gboolean  gm_output_is_terminal (GmOutput      *self);
gboolean  gm_output_is_full     (GmOutput      *self);
gboolean  gm_output_is_empty    (GmOutput      *self);
gsize     gm_output_get_queued  (GmOutput      *self);
int       gm_output_get_fd      (GmOutput      *self);
int       gm_output_get_errno   (GmOutput      *self);
void      gm_output_write       (GmOutput      *self,
                                 const char    *data,
                                 gsize          size);
gboolean  gm_output_write_file  (GmOutput      *self,
                                 const char    *path);
void      gm_output_set_footer  (GmOutput      *self,
                                 const char    *text);
void      gm_output_flush       (GmOutput      *self);
gboolean  gm_output_wait        (GmOutput      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmOutput, gm_output_free)

G_END_DECLS
