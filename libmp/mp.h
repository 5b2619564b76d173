/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define MP_INSIDE
#include "mp-async-result.h"
#include "mp-command.h"
#include "mp-connection.h"
#include "mp-context.h"
#include "mp-error.h"
#include "mp-event.h"
#include "mp-finalize.h"
#include "mp-function.h"
#include "mp-handles.h"
#include "mp-joinable-queue.h"
#include "mp-lock.h"
#include "mp-log.h"
#include "mp-main.h"
#include "mp-pool.h"
#include "mp-pool-feed.h"
#include "mp-pool-iter.h"
#include "mp-process.h"
#include "mp-queue.h"
#include "mp-shareable.h"
#include "mp-simple-queue.h"
#include "mp-value.h"
#undef MP_INSIDE
