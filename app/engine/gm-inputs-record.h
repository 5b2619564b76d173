/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-inputs.h"
#include "gm-run-dir.h"

G_BEGIN_DECLS

/* What a run keeps of its inputs for the one that goes on with it. */
typedef struct _GmInputsRecord GmInputsRecord;

GmInputsRecord *gm_inputs_record_new    (GmRunDir        *dir,
                                         const GmJob     *job,
                                         GmInputs        *inputs,
                                         guint64          n_kept,
                                         gboolean         ended,
                                         GError         **error);
void            gm_inputs_record_free   (GmInputsRecord  *self);
gboolean        gm_inputs_record_add    (GmInputsRecord  *self,
                                         const GmItem    *item,
                                         GError         **error);
gboolean        gm_inputs_record_end    (GmInputsRecord  *self,
                                         GError         **error);
gboolean        gm_inputs_record_write  (GmInputsRecord  *self,
                                         gboolean         sync,
                                         GError         **error);

guint64         gm_item_hash            (const GmItem    *item);
void            gm_item_append_record   (GString         *out,
                                         const GmItem    *item);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmInputsRecord, gm_inputs_record_free)

G_END_DECLS
